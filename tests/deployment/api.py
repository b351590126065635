"""The methods of the API, as SAM makes them and API Gateway imports them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deployment import Deployment, Resource
from functions import ARN, functions

AUTHORIZER = "GatehouseAuthorizer"
INTEGRATION = "x-amazon-apigateway-integration"
# All methods of a path that it does not have by name.
ANY_OTHER = "x-amazon-apigateway-any-method"


@dataclass(frozen=True)
class Method:
    """One method of one path."""

    path: str
    name: str
    definition: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name} {self.path}"

    @property
    def integration(self) -> Mapping[str, Any]:
        """What it calls, and how."""
        return self.definition.get(INTEGRATION, {})

    @property
    def schemes(self) -> list[str]:
        """The authorizers before it, and `NONE` for none."""
        return [scheme for one in self.definition.get("security", []) for scheme in one]

    def function(self, deployment: Deployment) -> Resource | None:
        """The function that it calls."""
        match = ARN.search(str(self.integration.get("uri", "")))
        return functions(deployment).get(match[1]) if match else None


def bodies(deployment: Deployment) -> list[Mapping[str, Any]]:
    """The definitions of all APIs: there is one."""
    return [api.properties.get("Body", {}) for api in deployment.of_kind("AWS::ApiGateway::RestApi")]


def paths(deployment: Deployment) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All paths of the API, with what is said of each."""
    for body in bodies(deployment):
        yield from body.get("paths", {}).items()


def methods(deployment: Deployment) -> Iterator[Method]:
    """All methods of the API that have a name."""
    for path, item in paths(deployment):
        for name, definition in item.items():
            if name != ANY_OTHER:
                yield Method(path, name.upper(), definition)
