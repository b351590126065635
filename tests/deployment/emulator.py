"""AWS's Runtime Interface Emulator, of the SAM CLI: it starts and calls a program as Lambda does."""

import http.client
import json
import os
import platform
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import samcli

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
PATH = "/2015-03-31/functions/function/invocations"
# What one step is waited for, in seconds: the machine may be busy, and more is a hang.
PATIENCE = 60
ATTEMPTS = 3
# What stands between the prelude of a streamed answer and its body ("Lambda proxy integration with response
# streaming", API Gateway developer guide).
MARK = b"\0" * 8


def emulator() -> Path | None:
    """The program, where there is one for this machine."""
    if platform.system() != "Linux" or platform.machine() not in ARCHITECTURES:
        return None
    return (
        Path(samcli.__file__).parent
        / "local"
        / "rapid"
        / f"aws-lambda-rie-{ARCHITECTURES[platform.machine()]}"
    )


class Running:
    """A function in the emulator."""

    def __init__(self, program: Path, variables: Mapping[str, str]) -> None:
        self._program = program
        self._variables = variables
        # The log of one that has ended.
        self._text: str | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._log = stack.enter_context(tempfile.NamedTemporaryFile("r+", encoding="utf-8"))
            for _ in range(ATTEMPTS):
                self._start()
                if self._listens():
                    self._stack = stack.pop_all()
                    return self
                self._end()
        raise TimeoutError(f"the emulator does not listen: {self.log()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._text = self.log()
        self._stack.close()

    def invoke(self, event: object) -> tuple[int, bytes]:
        """The status and the body that the emulator answers an event with."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request("POST", PATH, body=json.dumps(event).encode())
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def log(self) -> str:
        """Everything that emulator and function have written."""
        if self._text is not None:
            return self._text
        return Path(self._log.name).read_text("utf-8", "replace")

    def lines(self) -> list[Mapping[str, Any]]:
        """The log lines of the function."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith('{"timestamp"')]

    def _start(self) -> None:
        self._port, api = free_ports()
        rie = emulator()
        assert rie is not None
        own = {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_SESSION_TOKEN": "nothing",
            "PATH": os.environ["PATH"],
        }
        command = [
            str(rie),
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{self._port}",
            "--runtime-api-address",
            f"127.0.0.1:{api}",
            str(self._program),
        ]
        # `Popen` is given the file's number, which is closed with it.
        self._process = subprocess.Popen(
            command, env=own | dict(self._variables), stdout=self._log.fileno(), stderr=subprocess.STDOUT
        )

    def _listens(self) -> bool:
        """Whether the emulator takes calls; another program may have taken its port first."""
        until = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE).close()
            except ConnectionRefusedError:
                # Nothing tells of it, so it is asked again.
                time.sleep(0.02)
            else:
                return True
        return False

    def _end(self) -> None:
        """The emulator ends its function with itself."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def streamed(body: bytes) -> tuple[Mapping[str, Any], bytes]:
    """What is said of a streamed answer, and its body."""
    prelude, mark, rest = body.partition(MARK)
    assert mark, body
    return json.loads(prelude), rest


def free_ports() -> tuple[int, int]:
    """Two ports that nothing listens on."""
    with _bound() as one, _bound() as other:
        return one, other


@contextmanager
def _bound() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
