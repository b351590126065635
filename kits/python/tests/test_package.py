"""The package as it is installed, its papers, and the examples."""

import importlib.metadata
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import gatehouse_agent
import pytest
from servers import RawServer, whole
from signing import AGENT, Signer
from test_frameworks import BODY, FORGERIES, ask

KIT = Path(__file__).parents[1]
ROOT = KIT.parents[1]
PACKAGE = Path(gatehouse_agent.__file__).parent
EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))


def test_the_version_is_that_of_the_workspace():
    def named(name, file, section):
        text = file.read_text().partition(f"[{section}]\n")[2]
        return re.search(rf'^{name} = "([^"]+)"$', text, re.MULTILINE)[1]

    workspace, project = (ROOT / "Cargo.toml", "workspace.package"), (KIT / "pyproject.toml", "project")
    assert named("version", *project) == gatehouse_agent.__version__ == named("version", *workspace)
    assert named("license", *project) == named("license", *workspace)
    assert (KIT / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.skipif("KITS_INSTALLED" not in os.environ, reason="`make kits` installs the package, and runs this")
def test_what_is_installed_is_whole():
    assert PACKAGE.parent.name == "site-packages"
    installed = importlib.metadata.distribution("gatehouse-agent")
    assert installed.version == gatehouse_agent.__version__
    assert installed.metadata["License-Expression"] == "Apache-2.0"
    assert installed.metadata["Requires-Python"] == ">=3.10"
    assert installed.metadata.get_payload() == (KIT / "README.md").read_text()
    files = {str(file) for file in installed.files if "__pycache__" not in str(file)}
    sources = {f"gatehouse_agent/{path.name}" for path in (KIT / "src" / "gatehouse_agent").iterdir() if path.is_file()}
    papers = {file for file in files if "dist-info" not in file} - sources
    assert sources <= files
    assert papers == {"gatehouse_agent/CHANGELOG.md"}
    assert "gatehouse_agent/py.typed" in files
    assert any(file.endswith("licenses/LICENSE") for file in files)
    for name in sources:
        assert (PACKAGE.parent / name).read_bytes() == (KIT / "src" / name).read_bytes()


def test_all_that_is_exported_is_there_and_sorted():
    names = gatehouse_agent.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(gatehouse_agent, name) for name in names)
    readme = (KIT / "README.md").read_text()
    assert [name for name in names if f"`{name}" not in readme and f".{name}" not in readme] == []


def test_importing_needs_no_framework():
    program = (
        "import sys, gatehouse_agent; "
        "loaded = {name.partition('.')[0] for name in sys.modules}; "
        "print(sorted(loaded & {'starlette', 'mcp', 'httpx2', 'bedrock_agentcore', 'jwt'}))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert output.stdout.strip() == "[]"


def test_one_module_names_the_cryptography_and_one_the_clock():
    def naming(word):
        return {path.name for path in PACKAGE.glob("*.py") if re.search(word, path.read_text())}

    assert naming(r"\bcryptography\.") == {"_keys.py"}
    assert naming(r"\btime\.time\(") == {"_clock.py"}
    assert naming(r"\bmonotonic\(") == {"_cache.py", "_clock.py", "_fetch.py"}
    assert naming(r"\bhttp\.client\b") == {"_fetch.py"}
    assert naming(r"\b(eval|exec|pickle|subprocess)\b") == set()


def test_examples_are_short():
    assert [path.name for path in EXAMPLES] == ["greet.py"]
    for path in EXAMPLES:
        assert len(path.read_text().splitlines()) < 60, path.name


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def started(environment, port):
    """The example as a process of its own, once it answers the health check."""
    program = [sys.executable, str(ROOT / "examples" / "python" / "greet.py")]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PORT": str(port),
        **environment,
    }
    process = subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if ask(f"http://127.0.0.1:{port}", {}, None, "GET", "/ping")[0] == 200:
                break
        except OSError:
            # A process shows in no other way that it listens.
            time.sleep(0.05)
    return process


def test_the_example_greets_its_caller_by_the_proven_name():
    signer, port = Signer(), free_port()
    with RawServer(whole(signer.document)) as door:
        process = started({"GATEHOUSE_DOOR": door.url, "GATEHOUSE_AGENT": AGENT}, port)
        try:
            url = f"http://127.0.0.1:{port}"
            for claims, name in (
                ({"name": "Alice Liddell"}, "Alice Liddell"),
                ({"sub": "bob", "username": "bob"}, "bob"),
            ):
                status, body = ask(url, signer.headers(door.url, BODY, **claims))
                assert (status, json.loads(body)) == (200, {"greeting": f"Hello, {name}!", "prompt": "hello"})
            for what, forge in FORGERIES.items():
                assert ask(url, forge(signer.headers(door.url, BODY)))[0] == 403, what
        finally:
            process.terminate()
            errors = process.communicate(timeout=30)[1]
    assert "Alice" not in errors


def test_the_example_does_not_start_without_a_door():
    process = started({}, free_port())
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert "`GATEHOUSE_DOOR` is missing" in errors
    assert "`GATEHOUSE_AGENT` is missing" in errors


def test_the_example_works_without_a_door_if_it_is_told_so_and_says_so():
    port = free_port()
    process = started({"GATEHOUSE_WITHOUT_DOOR": "no-caller-is-verified"}, port)
    try:
        status, body = ask(f"http://127.0.0.1:{port}", {"Content-Type": "application/json"})
        assert (status, json.loads(body)["greeting"]) == (200, "Hello, unverified!")
    finally:
        process.terminate()
        errors = process.communicate(timeout=30)[1]
    assert errors.count("works without a door") >= 1
    assert "whom no door has verified" in errors
