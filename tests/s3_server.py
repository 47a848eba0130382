"""An object store on this machine: moto's, in an environment of its own, which asks for a known key."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parents[1] / ".tools" / "s3server" / "bin"
BUCKET = "coverage"
_START_S = 60.0
#: Makes somebody who may do everything, and the bucket, while nobody is asked for a key yet.
_SETUP = """
import boto3, json, sys
usual = dict(endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
people = boto3.client("iam", **usual)
people.create_user(UserName="planner")
allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
people.put_user_policy(UserName="planner", PolicyName="all", PolicyDocument=json.dumps(allowed))
key = people.create_access_key(UserName="planner")["AccessKey"]
boto3.client("s3", **usual).create_bucket(Bucket=sys.argv[2])
print(json.dumps([key["AccessKeyId"], key["SecretAccessKey"]]))
"""


@dataclass(frozen=True)
class Store:
    """A running store and who may ask."""

    port: int
    key: str
    secret: str

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What the environment says of the store, or of what stands before it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
        }


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def object_server() -> Iterator[Store]:
    """Run the store until the block ends."""
    port = free_port()
    # four requests make the user and the bucket
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "4", "PYTHONWARNINGS": "ignore"}
    command = [str(HOME / "python"), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, server)
        setup = [str(HOME / "python"), "-c", _SETUP, f"http://127.0.0.1:{port}", BUCKET]
        done = subprocess.run(setup, check=True, capture_output=True, text=True)
        yield Store(port, *json.loads(done.stdout))
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the object store did not start within {_START_S:g} s")


@contextmanager
def cable(port: int, *, cut_after: int) -> Iterator[int]:
    """Stand before a server and cut every connection for good once so many bytes went to it."""
    listening = socket.create_server(("127.0.0.1", 0))
    left = [cut_after]
    ends: list[socket.socket] = [listening]

    def carry(source: socket.socket, target: socket.socket, *, counted: bool) -> None:
        with suppress(OSError):
            while left[0] > 0 and (block := source.recv(4096)):
                left[0] -= len(block) if counted else 0
                if left[0] <= 0:
                    break
                target.sendall(block)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                ends.append(near)
                if left[0] <= 0:
                    near.shutdown(socket.SHUT_RDWR)
                    continue
                far = socket.create_connection(("127.0.0.1", port))
                ends.append(far)
                for pair, counted in (((near, far), True), ((far, near), False)):
                    threading.Thread(
                        target=carry, args=pair, kwargs={"counted": counted}, daemon=True
                    ).start()

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        left[0] = 0
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        serving.join(5)
        for end in ends:
            end.close()
