"""docs/openapi.yaml: the methods of the API that SAM makes, which are open, and the codes of errors."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from api import methods
from checks.methods import open_methods
from deployment import Deployment
from parameter_sets import SETS
from templates import ROOT, texts

DOCUMENT: Mapping[str, Any] = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text("utf-8"))
ERRORS = (ROOT / "docs/errors.md").read_text("utf-8")
# Members of a path that are no method (OpenAPI 3.1.0, "Path Item Object").
SHARED = {"parameters", "summary", "description", "servers"}
# "| 404 | `not_found` | ...", and "| `THROTTLED` | 429 | `throttled` | ...".
ROW = re.compile(r"^\|(?: `[A-Z_0-9]+` \|)? (\d{3}|any) \| `([a-z_]+)` \|", re.MULTILINE)


def documented() -> dict[str, Mapping[str, Any]]:
    """Each method of the document. OpenAPI cannot say "the rest of the path", API Gateway's `{name+}`."""
    return {
        f"{method.upper()} {path.replace('{resource}', '{resource+}')}": operation
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method not in SHARED
    }


def responses() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The status and the definition of each response of each operation."""
    for operation in documented().values():
        for status, response in operation["responses"].items():
            name = response["$ref"].rpartition("/")[2]
            yield status, DOCUMENT["components"]["responses"][name]


def codes(response: Mapping[str, Any]) -> set[str]:
    """The codes of a response's problems."""
    problem = response.get("content", {}).get("application/problem+json", {})
    parts = problem.get("schema", {}).get("allOf", [])
    return {code for part in parts for code in part.get("properties", {}).get("code", {}).get("enum", [])}


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return Deployment(texts(), SETS["own issuer"])


def test_lists_every_method(deployment: Deployment) -> None:
    deployed = {str(method) for method in methods(deployment) if method.name != "OPTIONS"}
    assert documented().keys() == deployed


def test_says_which_methods_are_open() -> None:
    said = {name for name, operation in documented().items() if operation.get("security") == []}
    assert said == {name for name in open_methods() if not name.startswith("OPTIONS ")}


def test_names_each_code_with_its_status() -> None:
    said = {(status, code) for status, response in responses() for code in codes(response)}
    rows = {(status, code) for status, code in ROW.findall(ERRORS)}
    # What API Gateway answers to anything else has no status of its own.
    anything = {code for status, code in rows if status == "any"}
    assert {row for row in said if row[1] not in anything} == {row for row in rows if row[1] not in anything}
    assert anything <= {code for _, code in said}


def test_gives_each_operation_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in documented().values()]
    assert len(names) == len(set(names))


def test_says_nothing_that_no_operation_uses() -> None:
    text = (ROOT / "docs/openapi.yaml").read_text("utf-8")
    for kind, members in DOCUMENT["components"].items():
        if kind != "securitySchemes":
            unused = [name for name in members if f"#/components/{kind}/{name}" not in text]
            assert unused == [], kind
