"""Runs of single tests with a copy of the package, each in a process of its own.

It imports the package nowhere: the process that runs a test loads the copy.
"""

import contextlib
import multiprocessing
import os
import sys
from pathlib import Path

TESTS = Path(__file__).parent
FAILED = 42
PASSED = 41

# A process that has loaded all but the package itself, and is copied for each run, so that a run takes no second.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["cryptography.hazmat.primitives.asymmetric.ec", "mcp.server.mcpserver", "pytest", "uvicorn"]
)


def exit_code(folder, *tests):
    """`FAILED` if a test fails with the package of that folder, `PASSED` if none does.

    Other codes are of runs that did not come so far."""
    run = FORKS.Process(target=_run, args=[str(folder), tests])
    run.start()
    run.join(100)
    if run.exitcode is None:
        run.kill()
    return run.exitcode


def _run(folder, tests):
    import pytest

    assert "gatehouse_agent" not in sys.modules
    sys.path.insert(0, folder)
    with open(f"{folder}/log", "w") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        code = pytest.main(["-q", "-x", f"--rootdir={TESTS.parent}", *(str(TESTS / test) for test in tests)])
    is_copy = sys.modules["gatehouse_agent"].__file__.startswith(folder)
    known = {pytest.ExitCode.OK: PASSED, pytest.ExitCode.TESTS_FAILED: FAILED}
    os._exit(known.get(code, 70) if is_copy else 70)
