"""What names a function, and what code runs when it is called by that name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deployment import Deployment, Resource, walked

FUNCTION = "AWS::Lambda::Function"
# These say what a function is, and call nothing.
OF_FUNCTIONS = {FUNCTION, "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::LayerVersion"}
ARN = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:([A-Za-z0-9_-]+)(?::([A-Za-z0-9$_-]+))?")
LATEST = "$LATEST"


@dataclass(frozen=True)
class Call:
    """A place in which something is told which function to call."""

    caller: str
    function: str
    # An alias or a number of a version; $LATEST is the function itself.
    qualifier: str


def functions(deployment: Deployment) -> dict[str, Resource]:
    """The functions by their names at Lambda."""
    made_up = [item for stack in deployment.stacks for item in stack.made_up.items()]
    by_name = {
        called: one for called, (one, attribute) in made_up if one.kind == FUNCTION and attribute is None
    }
    # A function that is given a name, from which others may make its ARN.
    by_name |= {
        one.properties["FunctionName"]: one
        for one in deployment.of_kind(FUNCTION)
        if "FunctionName" in one.properties
    }
    named = {match[1] for called, _ in made_up if (match := ARN.fullmatch(called))}
    # A function that is named by its ARN alone.
    for called, (one, attribute) in made_up:
        if one.kind == FUNCTION and attribute == "Arn" and (match := ARN.fullmatch(called)):
            by_name[match[1]] = one
    assert named <= by_name.keys()
    return by_name


def calls(deployment: Deployment) -> Iterator[Call]:
    """Everything outside of the functions themselves that names one."""
    for resource in deployment.resources:
        if resource.kind in OF_FUNCTIONS:
            continue
        for path, value in walked(resource.properties):
            where = f"{resource} {'.'.join(path)}"
            # A permission may name its function without an ARN.
            if (
                resource.kind == "AWS::Lambda::Permission"
                and path == ("FunctionName",)
                and not ARN.search(value)
            ):
                name, _, qualifier = value.partition(":")
                yield Call(where, name, qualifier or LATEST)
            yield from _in(where, value)
    for stack in deployment.stacks:
        for name, value in stack.outputs.items():
            yield from _in(f"{stack.file} output {name}", value)


def runs(deployment: Deployment, call: Call) -> tuple[str, Any]:
    """What the call reaches: the function as it is now, or a version, which stays what it was made from."""
    if call.qualifier == LATEST:
        return LATEST, None
    for stack in deployment.stacks:
        for called, (alias, attribute) in stack.made_up.items():
            match = ARN.fullmatch(called)
            if attribute is None and match and match.groups() == (call.function, call.qualifier):
                version = _version(alias)
                return version.name, version.properties
    return f"nothing at {call.qualifier}", None


def _version(resource: Resource) -> Resource:
    """The version that an alias leads to; a version leads to itself."""
    if resource.kind == "AWS::Lambda::Version":
        return resource
    [name, _] = resource.declared["Properties"]["FunctionVersion"]["Fn::GetAtt"]
    return resource.stack.resources[name]


def _in(where: str, value: Any) -> Iterator[Call]:
    if isinstance(value, str):
        for name, qualifier in ARN.findall(value):
            yield Call(where, name, qualifier or LATEST)
