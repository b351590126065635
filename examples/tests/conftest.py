"""The local stack with an example behind its door, started by `AGENT_CMD` as a person would start it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKES = Path(__file__).parent / "fakes"
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
LOCAL = TARGET / "debug" / "local"
#: A folder with `node_modules`, in which the packages are that the examples in JavaScript name.
NODE_FOLDER = Path(os.environ.get("EXAMPLES_NODE", TARGET / "examples/node"))
IDENTITY = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity"
#: A stack starts in seconds; two processors shared with a compiler are slower.
TIMEOUT = 120


class Stack:
    """A running `local`."""

    def __init__(self, process, description, errors, began):
        self.process, self.errors, self.began = process, errors, began
        self.url = description["url"]
        self.agent = description["agent"]
        self._description = description

    def token(self, user):
        given = self._description
        request = {
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": given["console_client"],
            "AuthParameters": {"USERNAME": user, "PASSWORD": given["passwords"][user]},
        }
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        }
        answer = httpx.post(f"{given['domain']}/", content=json.dumps(request), headers=headers)
        return answer.json()["AuthenticationResult"]["AccessToken"]

    def post(self, user, path, body, **headers):
        """A call through the door."""
        bearer = {"Authorization": f"Bearer {self.token(user)}"}
        return httpx.post(f"{self.url}/agents/demo/{path}", json=body, headers=bearer | headers, timeout=TIMEOUT)

    def bypass(self, path, body, **headers):
        """A call of the agent by someone who has reached its port without the door."""
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"} | headers
        return httpx.post(f"{self.agent}/{path}", content=body, headers=headers, timeout=TIMEOUT)

    def key_id(self):
        """The id of a key that the door publishes."""
        return httpx.get(f"{self.url}/.well-known/jwks.json").json()["keys"][0]["kid"]


def commands(example):
    """The command of an example, with a stand-in for its model where it has one."""
    runner = {"strands": "strands", "langgraph": "langgraph", "claude": "claude"}.get(example.split("-")[0])
    script = "server.py" if example == "fastmcp" else "agent.py"
    fake = [str(FAKES / f"run_{runner}.py")] if runner else []
    return " ".join([sys.executable, *fake, script])


@pytest.fixture
def start(tmp_path):
    """Starts a stack with an example, or with the `agent.py` of a folder, and ends it with the test."""
    started = []

    def start(example, protocol="http"):
        if isinstance(example, Path):
            folder, command = example, f"{sys.executable} agent.py"
        else:
            folder, command = ROOT / "examples" / example, commands(example)
        if (folder / "package.json").exists():
            # Node looks for packages beside the file.
            folder, command = shutil.copytree(folder, NODE_FOLDER / example, dirs_exist_ok=True), "node agent.mjs"
        description = tmp_path / "description.json"
        environment = os.environ | {"AGENT_CMD": command, "AGENT_DIR": str(folder), "AGENT_PROTOCOL": protocol}
        # For LangChain's stand-in, which is every model.
        environment["MODEL"] = "fake"
        began = time.monotonic()
        process = subprocess.Popen(
            [LOCAL, "--port", "0", "--log", "json", "--template", ROOT / "template.yaml", "--describe", description],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        errors = []
        threading.Thread(target=errors.extend, args=[process.stderr], daemon=True).start()
        ready = next((line for line in process.stdout if line.startswith("ready ")), None)
        assert ready, "".join(errors[-40:])
        started.append(process)
        print(f"{example}: ready after {time.monotonic() - began:.1f} s")
        return Stack(process, json.loads(description.read_text()), errors, began)

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0


LINES = pytest.StashKey[list]()


@pytest.fixture
def report(pytestconfig):
    """Says what was counted, for the end of the test run."""
    return lambda line: pytestconfig.stash.setdefault(LINES, []).append(line)


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(f"counted: {line}")
    for skipped in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"skipped: {skipped.longrepr[2]}")
