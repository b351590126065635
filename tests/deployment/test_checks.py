"""Every check, for every set of parameters, with a short name of the stack and with the longest."""

import pytest

import checks
from deployed import deployed
from deployment import refusals
from parameter_sets import LONGEST_NAME, REFUSED, SENSELESS, SETS, Parameters
from templates import texts


@pytest.mark.parametrize("check", checks.ALL)
@pytest.mark.parametrize("name", ["gatehouse", LONGEST_NAME], ids=["short name", "longest name"])
@pytest.mark.parametrize("given", SETS)
def test_holds(given: str, name: str, check: str) -> None:
    assert checks.ALL[check](deployed(SETS[given], name)) == []


@pytest.mark.parametrize("given", SETS)
def test_is_taken(given: str) -> None:
    assert refusals(texts(), SETS[given]) == []


@pytest.mark.parametrize(
    ("given", "what"), SENSELESS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_is_refused_as_a_whole(given: Parameters, what: str) -> None:
    assert any(what in sentence for sentence in refusals(texts(), given))


@pytest.mark.parametrize(
    ("given", "what"), REFUSED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_is_refused_by_itself(given: Parameters, what: str) -> None:
    assert any(what in sentence for sentence in refusals(texts(), given))
