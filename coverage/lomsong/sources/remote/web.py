"""Asking servers politely: named, patient, through proxies, and without ever telling a token to anybody else."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import numpy as np
import requests
import urllib3

from lomsong.errors import SourceError

#: Time to connect, and between two parts of an answer. [s]
CONNECT_S, READ_S = 20.0, 60.0
#: Tries without a single new byte before giving up.
ATTEMPTS = 5
#: Waits are never longer; a server that asks for more is told about instead. [s]
LONGEST_WAIT_S = 120.0
_MOST_REDIRECTS = 5
_MOST_ROUNDS = 1000
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: Libraries under us that write addresses into their logs.
_TALKATIVE = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "requests")

#: Everything that a connection can fail with.
NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class WebError(SourceError):
    """
    A server did not give what was asked for.

    Attributes
    ----------
    status : int
        Its HTTP status; 0 where there was no whole answer.
    retry_after_s : float or None
        The wait that the server asks for. [s]
    """

    def __init__(self, message: str, *, status: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class StoppedError(Exception):
    """Somebody asked the work to stop; what is half there stays for the next time."""


class _NoLogin(requests.auth.AuthBase):
    """Keeps requests from sending the passwords of the user's .netrc to public servers."""

    def __call__(self, request: Any) -> Any:
        return request


@dataclass(slots=True)
class Web:
    """
    A way to ask servers; one for a whole fetch, used from several threads.

    Attributes
    ----------
    tokens : mapping of str to str
        Secret by host (with its port): put in place of ``{token}`` for that host only.
    stop : Event
        Set to end all waiting and downloading.
    wait : callable
        Waits the given seconds; a test gives its own.
    """

    tokens: Mapping[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    wait: Callable[[float], object] | None = None
    _local: threading.local = field(default_factory=threading.local)
    _quiet: "_Redaction | None" = None

    def __enter__(self) -> Self:
        self._quiet = _Redaction(self.hide)
        for name in _TALKATIVE:
            logging.getLogger(name).addFilter(self._quiet)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._quiet is not None:
            for name in _TALKATIVE:
                logging.getLogger(name).removeFilter(self._quiet)

    def hide(self, text: str) -> str:
        """Return a text without any token, in whatever form it stands there."""
        for secret in self.tokens.values():
            for form in sorted({secret, quote(secret, safe=""), quote_plus(secret)}, key=len, reverse=True):
                text = text.replace(form, "***")
        return text

    @contextmanager
    def open(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Iterator[requests.Response]:
        """
        Ask once; redirects are followed, waiting and trying again is the caller's (`patiently`).

        Parameters
        ----------
        url : str
            With ``{token}`` where the secret belongs.
        method, headers : str, mapping
            Of the request.

        Yields
        ------
        Response
            With a status under 400; its body is not read yet.

        Raises
        ------
        WebError
            Another status, a redirect that must not be followed, or no usable answer.
        """
        first = url
        at = self._with_token(url)
        sent = {"User-Agent": user_agent(), "Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._ask(method, at, sent, first)
            with response:
                if response.status_code not in _REDIRECTS:
                    if response.status_code >= 400:
                        raise self._refusal(response, first)
                    yield response
                    return
                at = self._next(at, response, first)
        raise WebError(f"{first}: redirected more than {_MOST_REDIRECTS} times; try again later")

    def patiently(self, task: Callable[[], bool], *, what: str) -> None:
        """
        Do a task again after passing faults, with growing waits, as long as it gets anywhere.

        Parameters
        ----------
        task : callable
            Does the work and returns True when it is done, False when it was cut off but got further.
        what : str
            Its address, for messages.

        Raises
        ------
        WebError
            The fault does not pass, or the server asks for a longer wait than `LONGEST_WAIT_S`.
        StoppedError
            Somebody asked to stop.
        """
        failures = 0
        for _ in range(_MOST_ROUNDS):
            self.check_stopped()
            asked = None
            try:
                if task():
                    return
                failures = 0
            except WebError as error:
                failures += 1
                if (error.status and error.status not in _PASSING) or failures >= ATTEMPTS:
                    raise
                asked = error.retry_after_s
                if asked is not None and asked > LONGEST_WAIT_S:
                    raise WebError(
                        f"{what}: the server asks to wait {asked:.0f} s; run the same command again after that",
                        status=error.status,
                    ) from None
            self._pause(_backoff(failures) if asked is None else asked)
        raise WebError(f"{what}: cut off {_MOST_ROUNDS} times; run the same command again later")

    def check_stopped(self) -> None:
        """
        End here if somebody asked to stop.

        Raises
        ------
        StoppedError
            They did.
        """
        if self.stop.is_set():
            raise StoppedError

    def fault(self, error: BaseException, url: str) -> WebError:
        """Return a network failure as ours, without addresses that might hold a secret."""
        kind, advice = _describe(error)
        return WebError(f"{url}: {kind}; {advice}")

    def _pause(self, seconds: float) -> None:
        (self.wait or self.stop.wait)(seconds)
        self.check_stopped()

    def _with_token(self, url: str) -> str:
        if "{token}" not in url:
            return url
        host = _host(url)
        secret = self.tokens.get(host)
        parts = urlsplit(url)
        if secret is None or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
            raise WebError(f"{url}: the token is only sent over https to its own server", status=401)
        return url.replace("{token}", quote(secret, safe=""))

    def _ask(self, method: str, url: str, headers: Mapping[str, str], shown: str) -> requests.Response:
        try:
            return self._session().request(
                method, url, headers=headers, stream=True, allow_redirects=False, timeout=(CONNECT_S, READ_S)
            )
        except (*NETWORK_ERRORS, ValueError) as error:
            raise self.fault(error, shown) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()  # proxies come from the environment
            session.auth = _NoLogin()
            self._local.session = session
        return session

    def _next(self, at: str, response: requests.Response, shown: str) -> str:
        target = urljoin(at, response.headers.get("Location", ""))
        old, new = urlsplit(at), urlsplit(target)
        if new.scheme not in ("http", "https") or (old.scheme == "https" and new.scheme != "https"):
            raise WebError(
                f"{shown}: redirected to an address that is not https; not followed",
                status=response.status_code,
            )
        if _host(target) != _host(at) and self.hide(target) != target:
            raise WebError(
                f"{shown}: redirected to {new.hostname} with the token in the address; not followed",
                status=response.status_code,
            )
        return target

    @staticmethod
    def _refusal(response: requests.Response, shown: str) -> WebError:
        status = response.status_code
        asked = _retry_after(response.headers.get("Retry-After"))
        return WebError(f"{shown}: {_advice(status)}", status=status, retry_after_s=asked)


class _Redaction(logging.Filter):
    def __init__(self, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._hide = hide

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._hide(record.getMessage()), ()
        return True


def user_agent() -> str:
    """Return what we call ourselves to servers."""
    return f"lomsong/{version('lomsong')} (coverage-gap analysis; one user at a terminal)"


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or {'https': 443, 'http': 80}.get(parts.scheme, 0)}"


def token_host(url: str) -> str:
    """Return host and port of an address, the key of `Web.tokens`."""
    return _host(url)


def _backoff(failures: int) -> float:
    """Return a wait that doubles and is spread, so that many users do not come back at once. [s]"""
    spread = np.random.default_rng([os.getpid(), failures, threading.get_ident()]).uniform(0.5, 1)
    return float(min(2.0**failures, 60.0) * spread)


def _retry_after(text: str | None) -> float | None:
    """Read seconds or a date; anything else counts as not said. [s]"""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _describe(error: BaseException) -> tuple[str, str]:
    text = str(error)
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy did not let it through", "check HTTPS_PROXY and NO_PROXY"
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "its certificate is not accepted",
            "check the clock, and REQUESTS_CA_BUNDLE behind a company proxy",
        )
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "no answer in time", "run the same command again, it goes on where it stopped"
    if "resolve" in text or "getaddrinfo" in text:
        return "the server's name is not known here", "check the network connection"
    return "the connection failed or was cut", "run the same command again, it goes on where it stopped"


def _advice(status: int) -> str:
    match status:
        case 401 | 403:
            return f"access was refused ({status}); a token may be wrong or used up for today, or this network is not let in"
        case 407:
            return "the proxy wants a name and password (407); put them into HTTPS_PROXY"
        case 404 | 410:
            return f"there is no such file ({status}); it may have moved: correct base_url or path with --catalogue FILE"
        case 416:
            return "the server does not have that part of the file (416)"
        case 429:
            return "too many requests (429); wait some minutes and run the same command again"
        case _ if status >= 500:
            return f"the server is in trouble ({status}); run the same command again later"
    return f"the server answered {status}; try again later"
