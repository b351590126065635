"""What the tests share: lines at the end of a run, which `scripts/summary` repeats."""

from collections.abc import Callable

import pytest

COUNTED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTED] = []


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says what was counted."""
    return request.config.stash[COUNTED].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[COUNTED]:
        terminalreporter.write_line(f"counted: {line}")
    reasons = {
        report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", [])
    }
    for reason in sorted(reasons):
        terminalreporter.write_line(f"skipped: {reason}")
