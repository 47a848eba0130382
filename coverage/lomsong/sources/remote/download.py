"""One file from the network into its place: resumed, checked, and whole or not there."""

import base64
import errno
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from lomsong.errors import OutputError
from lomsong.sources.files import checksum
from lomsong.sources.remote.catalogue import Format
from lomsong.sources.remote.formats import HEAD_BYTES, describe_start, looks_like, require_end
from lomsong.sources.remote.partial import Origin, Partial
from lomsong.sources.remote.web import NETWORK_ERRORS, Web, WebError

#: Read this much at a time; what is less is lost when the connection is cut. [bytes]
_CHUNK = 1 << 14
#: An answer that the server packed on the way may unpack to this many times its size, and this much anyhow.
_MOST_UNPACKED, _LEAST_LIMIT = 100, 64 << 20
#: Errors of the disk, not of the network: full, over quota, read-only, too large.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that lies in its place."""

    sha256: str
    size: int
    published: str
    etag: str
    last_modified: str


def ask_size(web: Web, url: str) -> int | None:
    """
    Ask how large a file is without fetching it; None where the server does not say. [bytes]

    Raises
    ------
    WebError
        There is no such file, or no answer.
    """
    found: list[int | None] = []

    def ask() -> bool:
        with web.open(url, method="HEAD") as response:
            length = None if _is_packed(response) else _number(response.headers.get("Content-Length"))
            found.append(length or None)
        return True

    try:
        web.patiently(ask, what=url)
    except WebError as error:
        if error.status in (405, 501):  # a server that does not answer HEAD may still give the file
            return None
        raise
    return found[-1]


def download(
    web: Web,
    url: str,
    target: Path,
    format_: Format,
    *,
    checksum_url: str | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Arrived:
    """
    Fetch one file; what an earlier run left of it is gone on with if the server still has the same version.

    Parameters
    ----------
    web : Web
        How to ask.
    url : str
        With ``{token}`` where a secret belongs.
    target : Path
        Where the file goes when it is whole. Until then it is `target`.part, with a note beside it.
    format_ : str
        What it must be.
    checksum_url : str, optional
        Where the server publishes its MD5.
    tell : callable
        Told of every number of new bytes; a negative number takes back what had to be thrown away.

    Returns
    -------
    Arrived
        The file is in `target`.part still: `place` moves it once its record is written.

    Raises
    ------
    WebError
        It cannot be had, is not what it should be, or its checksum differs twice.
    OutputError
        The folder cannot be written to.
    StoppedError
        Somebody asked to stop; the part stays.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        job = _Job(web, url, target, format_, tell)
        for last in (False, True):
            web.patiently(job.advance, what=url)
            problem = require_end(job.file.path, format_) or job.compare(checksum_url)
            if not problem:
                return job.arrived()
            job.forget()
            if last:
                raise WebError(f"{url}: {problem}, twice; try again later", status=200)
    except OSError as error:
        raise OutputError(
            f"cannot write {target}: {error.strerror or 'no reason given'}; free space or choose another --out"
        ) from None
    raise WebError(f"{url}: not fetched")  # not reached: the second round returns or raises


class _Job:
    def __init__(
        self, web: Web, url: str, target: Path, format_: Format, tell: Callable[[int], None]
    ) -> None:
        self.web, self.url, self.format, self.tell = web, url, format_, tell
        self.file = Partial(target, url)
        tell(self.file.size())

    def advance(self) -> bool:
        """Fetch what is missing; True when all of it is there, False when it was cut off but got further."""
        have = self.file.size()
        state = self.file.origin
        if state.total is not None and have == state.total and have:
            return True
        headers = {}
        if have and state.validator:
            headers = {"Range": f"bytes={have}-", "If-Range": state.validator}
        try:
            with self.web.open(self.url, headers=headers) as response:
                return self._take(response, have if headers else 0)
        except WebError as error:
            if error.status != 416 or not headers:
                raise
            self.forget()
            return False

    def _take(self, response: requests.Response, have: int) -> bool:
        """Write an answer down; True when the file is whole, False when it was cut off but can be gone on with."""
        start = self._settle(response, have)
        packed = _is_packed(response)
        before = self.file.size() if start else 0
        cut: WebError | None = None
        try:
            self._receive(response, start, packed=packed)
        except NETWORK_ERRORS as error:
            if isinstance(error, OSError) and error.errno in _DISK:
                raise
            cut = self.web.fault(error, self.url)
        if cut is None and (packed or self.file.origin.total is None):
            self.file.origin.total = self.file.size()
            self.file.write_note()
        if cut is None and self.file.size() == self.file.origin.total:
            return True
        if self.file.size() > before and self.file.origin.validator:
            return False
        raise cut or WebError(
            f"{self.url}: cut off after {self.file.size():,} of {self.file.origin.total:,} bytes"
        )

    def _receive(self, response: requests.Response, start: int, *, packed: bool) -> None:
        limit = max(_LEAST_LIMIT, _MOST_UNPACKED * (_number(response.headers.get("Content-Length")) or 0))
        got, head = 0, b""
        with self.file.path.open("r+b" if start else "wb") as stream:
            stream.seek(start)
            stream.truncate()
            for block in response.raw.stream(_CHUNK, decode_content=True):
                self.web.check_stopped()
                if start == 0 and len(head) < HEAD_BYTES:
                    head += block
                    self._require_format(head, whole=False)
                stream.write(block)
                got += len(block)
                self.tell(len(block))
                if packed and got > limit:
                    raise WebError(f"{self.url}: unpacks to more than {limit >> 20} MiB; refused", status=200)
        if start == 0:
            self._require_format(head, whole=True)

    def _settle(self, response: requests.Response, have: int) -> int:
        """Return where the answer begins in the file; an answer that is not the part asked for starts anew."""
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code == 206:
            total = None if found is None or found[3] == "*" else int(found[3])
            if found is None or int(found[1]) != have or total is None or total != self.file.origin.total:
                self.forget()
                raise WebError(f"{self.url}: the server sent another part than was asked for")
            return have
        self.tell(-have if have else 0)
        packed = _is_packed(response)
        etag = response.headers.get("ETag", "")
        modified = response.headers.get("Last-Modified", "")
        strong = etag if etag.startswith('"') else ""
        self.file.origin = Origin(
            url=self.url,
            # only a strong mark promises that the next part fits the first
            validator="" if packed else strong or modified,
            total=None if packed else _number(response.headers.get("Content-Length")),
            etag=self.web.hide(etag),
            last_modified=self.web.hide(modified),
            published=_published(response),
        )
        self.file.write_note()
        return 0

    def _require_format(self, head: bytes, *, whole: bool) -> None:
        if (whole or len(head) >= HEAD_BYTES) and not looks_like(head, self.format):
            said = self.web.hide(describe_start(head))
            self.forget()
            raise WebError(
                f"{self.url}: the server sent {said} instead of a {self.format} file; check the address, the token, "
                "or the login page of your network",
                status=200,
            )

    def compare(self, checksum_url: str | None) -> str:
        """Return what differs from the checksums that the server publishes, or an empty text."""
        if checksum_url is not None:
            self.file.origin.published = f"md5:{self._fetch_md5(checksum_url)}"
        return self.file.compare()

    def _fetch_md5(self, url: str) -> str:
        found: list[str] = []

        def ask() -> bool:
            with self.web.open(url) as response:
                try:
                    text = response.raw.read(4096, decode_content=True).decode("ascii", "replace")
                except NETWORK_ERRORS as error:
                    raise self.web.fault(error, url) from None
            digest = re.match(r"\s*([0-9a-fA-F]{32})\b", text)
            if digest is None:
                raise WebError(f"{url}: holds no MD5", status=200)
            found.append(digest[1].lower())
            return True

        self.web.patiently(ask, what=url)
        return found[-1]

    def arrived(self) -> Arrived:
        state = self.file.origin
        return Arrived(
            checksum(self.file.path), self.file.size(), state.published, state.etag, state.last_modified
        )

    def forget(self) -> None:
        """Throw away what is there."""
        self.tell(-self.file.size())
        self.file.forget()


def _is_packed(response: requests.Response) -> bool:
    return bool(response.headers.get("Content-Encoding", "identity").lower() != "identity")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 16 else None


def _published(response: requests.Response) -> str:
    """Return a checksum of the whole file that came with the answer, as ``sha256:...`` or ``md5:...``."""
    headers = response.headers
    digest = re.search(r"sha-256=:?([A-Za-z0-9+/]{43}=)", headers.get("Repr-Digest", ""))
    for kind, text, size in (
        ("sha256", digest[1] if digest else "", 32),
        ("sha256", headers.get("x-amz-checksum-sha256", ""), 32),
        ("md5", headers.get("Content-MD5", ""), 16),
    ):
        try:
            value = base64.b64decode(text, validate=True)
        except ValueError:
            continue  # a checksum of parts, or none
        if len(value) == size:
            return f"{kind}:{value.hex()}"
    return ""
