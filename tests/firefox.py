"""Drives Debian's Firefox by its own remote protocol, Marionette: each message is its length, a colon and JSON."""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

BINARY = "/usr/bin/firefox-esr"
#: Starting takes some seconds on a machine with other things to do. [s]
_START_S = 90.0
#: What a page may take. [s]
_ANSWER_S = 60.0
_PREFERENCES = {
    # any free port, told in the profile
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "ui.prefersReducedMotion": 1,
}


class Firefox:
    """A running Firefox without a window; `close` ends it."""

    def __init__(self) -> None:
        self.profile = Path(tempfile.mkdtemp(prefix="lomsong-firefox-"))
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()
        ]
        (self.profile / "user.js").write_text("\n".join(lines))
        command = [BINARY, "--headless", "--marionette", "--no-remote", "--profile", str(self.profile)]
        self.process = subprocess.Popen(
            [*command, "--width", "1280", "--height", "900"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self.wire = self._connect()
            self.number = 0
            self.unread = b""
            self._read()
            self.say("WebDriver:NewSession", {"capabilities": {}})
        except BaseException:
            self.close()
            raise

    def _connect(self) -> socket.socket:
        told = self.profile / "MarionetteActivePort"
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if told.is_file() and told.read_text().strip().isdigit():
                return socket.create_connection(("127.0.0.1", int(told.read_text())), timeout=_ANSWER_S)
            time.sleep(0.1)
        raise RuntimeError(f"Firefox did not start within {_START_S:g} s")

    def _read(self) -> Any:
        while b":" not in self.unread:
            self._receive()
        size, _, rest = self.unread.partition(b":")
        while len(rest) < int(size):
            self.unread = rest
            self._receive()
            rest = self.unread
        self.unread = rest[int(size) :]
        return json.loads(rest[: int(size)])

    def _receive(self) -> None:
        more = self.wire.recv(1 << 16)
        if not more:
            raise RuntimeError("Firefox has gone")
        self.unread += more

    def say(self, command: str, words: dict[str, Any]) -> Any:
        """Give one command and return its answer."""
        self.number += 1
        message = json.dumps([0, self.number, command, words]).encode()
        self.wire.sendall(f"{len(message)}:".encode() + message)
        _, _, error, answer = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return answer

    def goto(self, address: str) -> None:
        # a page at the same address with another fragment would not be loaded again
        self.say("WebDriver:Navigate", {"url": "about:blank"})
        self.say("WebDriver:Navigate", {"url": address})

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page; a promise is waited for."""
        script = f"return Promise.resolve({expression});"
        return self.say("WebDriver:ExecuteScript", {"script": script, "args": [], "sandbox": None})["value"]

    def wait_for(self, expression: str) -> None:
        deadline = time.monotonic() + _ANSWER_S
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"never became true: {expression}")
            time.sleep(0.05)

    def screenshot(self) -> bytes:
        return base64.b64decode(self.say("WebDriver:TakeScreenshot", {"full": False})["value"])

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if hasattr(self, "wire"):
            self.wire.close()
        shutil.rmtree(self.profile, ignore_errors=True)
