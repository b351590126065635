"""Methods of the API: streamed, in time, behind the authorizer unless they are listed as open."""

import re
from pathlib import Path

from api import AUTHORIZER, bodies, methods
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
