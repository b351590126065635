"""Every check, and what changes must show, with templates that are broken in one place: it notices."""

from functools import partial

import pytest

import checks
import reach
from checks import callers
from deployment import Deployment
from mutations import MUTATIONS, STALE, UNWIRED, Mutation, Stale, Unwired, broken
from parameter_sets import LONGEST_NAME, SETS


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.check}: {one.edit.new.strip()[:60]}")
def test_is_noticed(mutation: Mutation) -> None:
    deployment = Deployment(broken([mutation.edit]), SETS[mutation.given], name=LONGEST_NAME)
    assert checks.ALL[mutation.check](deployment) != []


@pytest.mark.parametrize(
    "mutation", STALE, ids=lambda one: f"{one.change.parameter}: {one.edits[-1].new.strip()[:60]}"
)
def test_leaves_callers_with_what_was(mutation: Stale) -> None:
    templates = broken(mutation.edits)
    before = Deployment(templates, mutation.change.before, moment=1)
    after = Deployment(templates, mutation.change.after, moment=2)
    assert callers.stale(before, after) != []


@pytest.mark.parametrize("mutation", UNWIRED, ids=lambda one: one.parameter)
def test_no_longer_reaches_what_is_written_down(mutation: Unwired) -> None:
    templates = broken([mutation.edit])
    now = reach.of(mutation.parameter, partial(Deployment, templates))
    assert now not in reach.FILE.read_text("utf-8")


def test_are_there_for_every_check() -> None:
    assert {mutation.check for mutation in MUTATIONS} == checks.ALL.keys()
