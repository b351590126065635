"""The list of open methods, which may only shrink."""

import subprocess

import pytest

from checks.methods import OPEN_METHODS, open_methods
from templates import ROOT

PREFLIGHT = "OPTIONS "
# Methods that were added after the first list, each with the argument for it.
ARGUED = {
    # Clients read it before they have a token (RFC 8414, section 3). It is made of an issuer's document
    # and of the settings, and is 404 unless a setting asks for it.
    "GET /.well-known/oauth-authorization-server",
}


def rows(text: str) -> set[str]:
    """The methods of a list, without preflights: these come with the routes that they ask for."""
    methods = {" ".join(line.split()[:2]) for line in text.splitlines() if line and not line.startswith("#")}
    return {method for method in methods if not method.startswith(PREFLIGHT)}


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_only_shrinks() -> None:
    path = OPEN_METHODS.relative_to(ROOT).as_posix()
    try:
        commits = git("log", "--format=%H", "--", path).split()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("there is no history to compare the list of open methods with")
    now = rows(OPEN_METHODS.read_text("utf-8"))
    for commit in commits:
        assert now - ARGUED <= rows(git("show", f"{commit}:{path}")), f"the list was shorter in {commit}"


def test_names_each_method_once() -> None:
    lines = [
        line for line in OPEN_METHODS.read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]
    assert len(lines) == len(open_methods())
    assert lines == sorted(lines)
