"""Objects of a store that speaks S3; the environment alone knows who asks for them, and where."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from lomsong.addresses import parse_store
from lomsong.atomic import told_as_ours
from lomsong.errors import LomsongError, SourceError

#: Time to connect, and for one answer. [s]
CONNECT_S, ANSWER_S = 10, 60
#: Times that one request is tried.
TRIES = 3
_BLOCK_BYTES = 1 << 22
#: Without any of these nobody in particular asks, as for open data.
_IDENTITIES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
_REFUSED = (
    "ACCESS_DENIED",
    "SIGNATURE_DOES_NOT_MATCH",
    "INVALID_ACCESS_KEY_ID",
    "EXPIRED_TOKEN",
    "INVALID_CLIENT_TOKEN",
)
_AWAY = (
    "NETWORK_CONNECTION",
    "curlCode",
    "REQUEST_TIMEOUT",
    "SERVICE_UNAVAILABLE",
    "INTERNAL_FAILURE",
    "SLOW_DOWN",
)
_ELSEWHERE = re.compile(r"(?:located in|expecting) '?([a-z]{2}[a-z0-9-]+\d)")
_NOT_THERE = "there is no such bucket or object; check the address and AWS_ENDPOINT_URL"
_FOLDER = "a folder; name one object, and a shapefile in a zip"


@contextmanager
def object_store(address: str, *, error: type[LomsongError] = SourceError) -> Iterator[Any]:
    """
    Give the store as an Arrow file system.

    Parameters
    ----------
    address : str
        For messages.
    error : type
        What is raised.

    Raises
    ------
    LomsongError
        This pyarrow has no S3, the store does not answer, refuses, or lacks the bucket or object.
    """
    try:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem  # noqa: PLC0415 - takes a while to load
    except ImportError:
        raise error(
            f"{address}: this pyarrow knows no object stores; install pyarrow from PyPI, or libarrow with S3"
        ) from None
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    try:
        yield S3FileSystem(
            anonymous=_is_anonymous(),
            region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            endpoint_override=endpoint,
            connect_timeout=CONNECT_S,
            request_timeout=ANSWER_S,
            retry_strategy=AwsStandardS3RetryStrategy(max_attempts=TRIES),
            allow_delayed_open=True,
        )
    except OSError as fault:
        raise error(f"{address}: {_explain(fault)}") from None


def _is_anonymous() -> bool:
    """Return whether nobody in particular asks; AWS_NO_SIGN_REQUEST says so, as it does to GDAL."""
    told = os.environ.get("AWS_NO_SIGN_REQUEST", "").strip().casefold()
    if told in {"yes", "true", "on", "1"}:
        return True
    named = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    kept = Path(os.path.expanduser(named))  # noqa: PTH111 - that of Path fails where nobody has a home
    # looking for the role of a machine takes seconds where there is none, so it must be asked for
    return not (told or any(os.environ.get(name) for name in _IDENTITIES) or kept.is_file())


def _explain(fault: OSError) -> str:
    """Say what the store said, and what to do about it."""
    said = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:300]
    for name in _SECRETS:
        if os.environ.get(name):
            said = said.replace(os.environ[name], "***")
    if any(word in said for word in _REFUSED):
        return (
            "the store refuses ("
            + said
            + "); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment and what "
            "they are allowed, or set AWS_NO_SIGN_REQUEST=YES for open data"
        )
    if found := _ELSEWHERE.search(said):
        return f"the bucket lies in another region ({said}); set AWS_REGION={found[1]} in the environment"
    if "NO_SUCH_BUCKET" in said:
        return "there is no such bucket; check its name and AWS_ENDPOINT_URL, or let its owner make it"
    if isinstance(fault, FileNotFoundError):
        return _NOT_THERE
    if any(word in said for word in _AWAY):
        return f"the store does not answer, or the connection was lost ({said}); try again, and check AWS_ENDPOINT_URL"
    return said


def fetch_object(address: str, target: Path) -> None:
    """
    Copy an object into a file, unless the file is its copy already: as long, and of the same time.

    Parameters
    ----------
    address : str
        ``s3://bucket/key``.
    target : Path
        Its folder is made if need be; a copy of the last time stays until the new one is whole.

    Raises
    ------
    SourceError
        The object cannot be read.
    OutputError
        The file cannot be written.
    """
    place = "/".join(parse_store(address))
    with object_store(address) as store:
        about = store.get_file_info(place)
        if about.type.name != "File":
            raise SourceError(f"{address}: {_NOT_THERE if about.type.name == 'NotFound' else _FOLDER}")
        if target.is_file() and _stamp(target) == (about.size, about.mtime_ns):
            return
        aside = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
        with told_as_ours(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with store.open_input_stream(place) as stream, _opened(aside) as file:
                while block := stream.read(_BLOCK_BYTES):
                    with told_as_ours(target.parent):
                        file.write(block)
            with told_as_ours(target.parent):
                if aside.stat().st_size != about.size:
                    raise SourceError(f"{address}: it ended early, or changed while it was read; try again")
                os.utime(aside, ns=(about.mtime_ns, about.mtime_ns))
                os.replace(aside, target)  # noqa: PTH105 - says what it does
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


def _opened(path: Path) -> IO[bytes]:
    with told_as_ours(path.parent):
        return path.open("wb")


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns
