"""Names of other resources: all of them are made, and have what is asked of them."""

from functools import cache

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from deployment import STACK, Deployment, Stack
from names import REGION


def broken(deployment: Deployment) -> list[str]:
    """Resources that a condition took away, outputs and attributes that a stack names all the same."""
    faults = deployment.faults
    for resource in deployment.resources:
        for other in resource.depends_on:
            if other not in resource.stack.resources:
                faults.append(f"{resource} depends on `{other}`, which is not made")
    for stack in deployment.stacks:
        faults.extend(_attributes(stack))
    return faults


def _attributes(stack: Stack) -> list[str]:
    named = [(resource, attribute) for resource, attribute in stack.made_up.values() if attribute]
    return [
        f"{resource} has no attribute `{attribute}`"
        for resource, attribute in named
        if resource.kind != STACK and attribute not in _known(resource.kind)
    ]


@cache
def _known(kind: str) -> frozenset[str]:
    return frozenset(PROVIDER_SCHEMA_MANAGER.get_type_getatts(kind, REGION))
