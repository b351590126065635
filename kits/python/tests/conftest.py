"""Lines for the end of the test run, which `scripts/summary` gathers."""

import pytest

LINES = pytest.StashKey[list]()


@pytest.fixture
def report(pytestconfig):
    """Says what was counted."""
    return lambda line: pytestconfig.stash.setdefault(LINES, []).append(line)


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(f"counted: {line}")
