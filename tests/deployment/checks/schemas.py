"""The registry's schema of each resource type, as cfn-lint ships it: properties, forms, lengths."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cfnlint.jsonschema import StandardValidator
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from deployment import Deployment
from names import REGION

# Types that no registry knows: custom resources are described by those who write them.
CUSTOM = "Custom::"


def broken(deployment: Deployment) -> list[str]:
    """Properties that the registry refuses."""
    return [
        f"{resource}: {fault}"
        for resource in deployment.resources
        if not resource.kind.startswith(CUSTOM)
        for fault in _faults(resource.kind, json.dumps(resource.properties, sort_keys=True))
    ]


# Most resources are the same in most sets.
@cache
def _faults(kind: str, properties: str) -> tuple[str, ...]:
    return tuple(_found(kind, json.loads(properties)))


def _found(kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
    schema = _schema(kind)
    for error in StandardValidator(schema).iter_errors(properties):
        yield f"{'/'.join(map(str, error.absolute_path))} {error.message[:200]}"
    for path in schema.get("readOnlyProperties", []):
        name = path.removeprefix("/properties/")
        if name in properties:
            yield f"{name} is not to be given"


@cache
def _schema(kind: str) -> Mapping[str, Any]:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
