"""Changes that take effect: what is called runs with the new value of each parameter that reaches a function.

`reach.txt` says which parameter reaches what, with what goes along with it. It is computed, and kept so that
a reviewer sees it change: `UPDATE_REACH=1 make deployment` writes it anew.
"""

import json
import os
from collections.abc import Callable

import pytest

import reach
from changes import CHANGES, Change
from checks import callers
from deployed import deployed
from deployment import Deployment, refusals
from parameter_sets import SETS
from templates import MAIN, parsed, texts


def both(change: Change) -> tuple[Deployment, Deployment]:
    """Before and after, the code being the same."""
    return deployed(change.before, moment=1), deployed(change.after, moment=2)


def test_are_tried_of_every_parameter() -> None:
    assert {change.parameter for change in CHANGES} == parsed(texts()[MAIN])["Parameters"].keys()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.parameter)
def test_take_effect(change: Change) -> None:
    for parameters in (change.before, change.after):
        assert refusals(texts(), parameters) == []
    before, after = both(change)
    assert callers.stale(before, after) == []
    # A parameter that changes nothing is wired to nothing, unless it is there to be said and read by a rule.
    assert made(before) != made(after) or is_for_rules_alone(change.parameter)


def test_of_a_settings_file_take_effect() -> None:
    given = SETS["settings from files"]
    before, after = deployed(given, moment=1), deployed(given, moment=2, build="2")
    assert callers.stale(before, after) == []
    reached = callers.reach(before, after)
    for function in ("AuthorizerFunction", "OpenRoutesFunction", "ProxyFunction"):
        assert "Layers" in reached[function]


def test_reach_what_is_written_down(counted: Callable[[str], None]) -> None:
    parameters = sorted({change.parameter for change in CHANGES})
    reached = [reach.of(parameter, deployed) for parameter in parameters]
    if os.environ.get("UPDATE_REACH"):
        reach.FILE.write_text("".join(reached), "utf-8")
    assert "".join(reached) == reach.FILE.read_text("utf-8")
    reaching = [one for one in reached if not one.endswith(reach.NOWHERE)]
    counted(
        f"{len(reaching)} of {len(reached)} parameters reach functions, which are called with the new value"
    )


def is_for_rules_alone(parameter: str) -> bool:
    """Whether nothing but a rule reads a parameter."""
    template = parsed(texts()[MAIN])
    reference = json.dumps({"Ref": parameter})
    rules = json.dumps(template.pop("Rules"))
    return reference in rules and reference not in json.dumps(template)


def made(deployment: Deployment) -> dict[str, object]:
    """What is made, without the name of the API's deployment, which always changes."""
    resources = {str(one): dict(one.properties) for one in deployment.resources}
    for one in deployment.of_kind("AWS::ApiGateway::Deployment"):
        del resources[str(one)]
    for one in deployment.of_kind("AWS::ApiGateway::Stage"):
        del resources[str(one)]["DeploymentId"]
    return resources
