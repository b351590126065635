"""Methods of the API: streamed, in time, behind the authorizer unless they are listed as open."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api import ANY_OTHER, AUTHORIZER, INTEGRATION, bodies, methods, paths
from deployment import Deployment
from names import REGION

# The address of a streamed Lambda integration ("Lambda proxy integration with response streaming", Amazon API
# Gateway developer guide).
URI = re.compile(
    rf"arn:aws:apigateway:{REGION}:lambda:path/2021-11-15/functions/"
    r"arn:aws:lambda:[^/]+/response-streaming-invocations"
)
# An authorizer is called in the old way.
AUTHORIZER_URI = re.compile(
    rf"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/arn:aws:lambda:[^/]+/invocations"
)
# How long API Gateway keeps a streamed answer open, in milliseconds; and an authorizer's answer, in seconds.
LONGEST = 900_000
KEPT = 300
OPEN_METHODS = Path(__file__).parents[1] / "open_methods.txt"


def integrations(deployment: Deployment) -> list[str]:
    """Methods that do not stream, or do not end in time."""
    faults = []
    for method in methods(deployment):
        integration = method.integration
        function = method.function(deployment)
        wanted = {"type": "aws_proxy", "httpMethod": "POST", "responseTransferMode": "STREAM"}
        for name, value in wanted.items():
            if integration.get(name) != value:
                faults.append(f"{method}: {name} is {integration.get(name)}")
        if not URI.fullmatch(str(integration.get("uri"))) or function is None:
            faults.append(f"{method}: {integration.get('uri')} streams no function's answer")
            continue
        longest = min(LONGEST, 1000 * function.properties.get("Timeout", 3))
        # The default, 29 seconds, is not said and so not meant.
        if not 0 < integration.get("timeoutInMillis", 0) <= longest:
            faults.append(f"{method}: waits for {integration.get('timeoutInMillis')} ms of {longest}")
    return faults or ([] if list(methods(deployment)) else ["there are no methods"])


def protection(deployment: Deployment) -> list[str]:
    """Methods that are open and not listed, listed and not open, or behind an authorizer at an open door."""
    has_auth = deployment.main.parameters["EnableAuth"] == "true"
    listed = open_methods()
    faults = []
    found = {str(method): method for method in methods(deployment)}
    for name, method in found.items():
        wanted = [AUTHORIZER] if has_auth and name not in listed else ["NONE"]
        if method.schemes != wanted:
            faults.append(f"{name}: {method.schemes} stand before it, not {wanted}")
        if name.startswith("OPTIONS ") and all(
            one.name == "OPTIONS" or one.path != method.path for one in found.values()
        ):
            faults.append(f"{name}: the preflight of nothing")
    faults.extend(f"{name}: listed, and not there" for name in listed.keys() - found.keys())
    return faults


def separation(deployment: Deployment) -> list[str]:
    """Open methods that call a function of protected ones, or the other way round."""
    listed = open_methods()
    called = {str(method): method.function(deployment) for method in methods(deployment)}
    names = {name: function.name for name, function in called.items() if function}
    faults = [
        f"{name}: calls {names.get(name)}, listed with {function}"
        for name, function in listed.items()
        if names.get(name) != function
    ]
    strangers = set(listed.values())
    faults.extend(
        f"{name}: calls {function}, which is there for strangers"
        for name, function in names.items()
        if name not in listed and function in strangers
    )
    return faults


def refusals(deployment: Deployment) -> list[str]:
    """Paths whose other methods are not refused by API Gateway itself, alike for everyone: status 405, and in
    `Allow` the methods that the path has (RFC 9110, section 15.5.6)."""
    faults = []
    for path, item in paths(deployment):
        other = item.get(ANY_OTHER)
        if other is None:
            faults.append(f"{path}: says nothing of other methods")
            continue
        # Nothing is called: no function, no address, nothing in another's name.
        integration = other.get(INTEGRATION, {})
        if set(integration) != {"type", "passthroughBehavior", "requestTemplates", "responses"}:
            faults.append(f"{path}: has {sorted(integration)} for other methods")
        wanted = {
            "type": "mock",
            "passthroughBehavior": "never",
            "requestTemplates": {"application/json": '{"statusCode": 405}'},
        }
        faults.extend(
            f"{path}: {name} is {integration.get(name)} for other methods"
            for name, value in wanted.items()
            if integration.get(name) != value
        )
        if [scheme for one in other.get("security", []) for scheme in one] != ["NONE"]:
            faults.append(f"{path}: {other.get('security')} stand before other methods")
        faults.extend(f"{path}: {fault}" for fault in _refusal(item, other))
    return faults


def _refusal(item: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the one answer to other methods of a path."""
    responses = other.get(INTEGRATION, {}).get("responses", {})
    answer = responses.get("default", {})
    if set(responses) != {"default"} or answer.get("statusCode") != "405":
        yield f"other methods are answered {responses}"
    headers = {
        name.removeprefix("method.response.header."): value
        for name, value in answer.get("responseParameters", {}).items()
    }
    # Clients call GET where a server need not have it, and this API has it for that alone.
    named = {name.upper() for name in item if name != ANY_OTHER} - ({"GET"} if "post" in item else set())
    if headers.get("Allow") != f"'{', '.join([*sorted(named - {'OPTIONS'}), 'OPTIONS'])}'":
        yield f"`Allow` is {headers.get('Allow')}, and the methods are {sorted(named)}"
    if headers.get("Access-Control-Allow-Origin") != "'*'":
        yield "no page may read that its method is refused"
    declared = other.get("responses", {}).get("405", {}).get("headers", {})
    if declared.keys() != headers.keys():
        yield f"API Gateway imports no answer that sets {sorted(headers)} and declares {sorted(declared)}"
    body = json.loads(answer.get("responseTemplates", {}).get("application/json", "{}"))
    if (body.get("status"), body.get("code")) != (405, "method_not_allowed"):
        yield f"other methods are told {body}"


def authorizer(deployment: Deployment) -> list[str]:
    """What the authorizer is shown, who it is, and how long its answers are kept."""
    faults = []
    for body in bodies(deployment):
        schemes = body.get("components", {}).get("securitySchemes", {})
        if set(schemes) != {AUTHORIZER}:
            faults.append(f"the schemes are {sorted(schemes)}")
        described = schemes.get(AUTHORIZER, {}).get("x-amazon-apigateway-authorizer", {})
        if described.get("type") != "request":
            faults.append("the authorizer cannot see whether a header came twice")
        if described.get("identitySource") != "method.request.header.Authorization":
            faults.append("the authorizer's answers are kept under something else than the token")
        if not AUTHORIZER_URI.fullmatch(str(described.get("authorizerUri"))):
            faults.append(f"{described.get('authorizerUri')} is no function's address")
        if not 0 <= described.get("authorizerResultTtlInSeconds", KEPT + 1) <= KEPT:
            faults.append("the authorizer's answers are kept for too long")
    return faults


def open_methods() -> dict[str, str]:
    """The list of open methods -> the function that each calls."""
    lines = OPEN_METHODS.read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {f"{method} {path}": function for method, path, function in rows}
