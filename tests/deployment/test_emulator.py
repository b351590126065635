"""Every function in AWS's emulator, with the template's variables: it starts, answers, streams, stops."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import events
from deployment import Deployment
from emulator import PATIENCE, Running, emulator, free_ports, streamed
from parameter_sets import ALARMS, GATEWAY, OWN_CLIENT, OWN_POOL, ROTATES, RUNTIME
from programs import binaries, program, variables
from templates import texts
from tokens import Issuer

pytestmark = pytest.mark.skipif(emulator() is None, reason="Lambda's emulator, which runs on Linux alone")

ISSUER = Issuer()
AGENTS = {"Agents": json.dumps({"demo": {"runtime": RUNTIME["RuntimeArns"], "allow": {}}})}


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    """One that has every function."""
    issuer = {"TrustedIssuers": ISSUER.trusted()}
    given = RUNTIME | AGENTS | issuer | OWN_POOL | OWN_CLIENT | ROTATES | GATEWAY | ALARMS
    return Deployment(texts(), given)


@contextmanager
def running(deployment: Deployment, function: str, **changes: str) -> Iterator[Running]:
    """A function with its variables, some of them changed; what it calls refuses the connection."""
    closed, _ = free_ports()
    nothing = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed}", "AWS_MAX_ATTEMPTS": "1"}
    with Running(program(function), variables(deployment, function) | nothing | changes) as one:
        yield one


def test_runs_every_function(deployment: Deployment) -> None:
    assert binaries().keys() <= deployment.main.resources.keys()


def test_authorizer(deployment: Deployment) -> None:
    with running(deployment, "AuthorizerFunction") as function:
        status, body = function.invoke(events.authorizer(f"Bearer {ISSUER.token()}"))
        answer = json.loads(body)
        [statement, *_] = answer["policyDocument"]["Statement"]
        assert (status, statement["Effect"], answer["context"]["sub"]) == (200, "Allow", "alice")
        for token in (Issuer().token(), ISSUER.token({"exp": 1}), ISSUER.token({"aud": "other"})):
            # The very word that API Gateway makes a 401 of.
            refused = json.loads(function.invoke(events.authorizer(f"Bearer {token}"))[1])
            assert refused == {"errorType": "Unauthorized", "errorMessage": "Unauthorized"}
        assert json.loads(function.invoke({"type": "OTHER"})[1])["errorType"] != "Unauthorized"
        assert ISSUER.token().split(".")[1] not in function.log()


@pytest.mark.parametrize("name", ["ProxyFunction", "OpenRoutesFunction"])
def test_doors(deployment: Deployment, name: str) -> None:
    with running(deployment, name) as function:
        prelude, body = streamed(function.invoke(events.request("GET", "/healthz", {}))[1])
        assert (prelude["statusCode"], json.loads(body)["status"]) == (200, "ok")
        prelude, body = streamed(function.invoke(events.request("GET", "/nothing", {}))[1])
        assert (prelude["statusCode"], prelude["headers"]["content-type"]) == (
            404,
            "application/problem+json",
        )
        path = "/.well-known/oauth-protected-resource"
        prelude, body = streamed(function.invoke(events.request("GET", path, {}))[1])
        assert (prelude["statusCode"], json.loads(body)["authorization_servers"]) == (
            200,
            ["https://login.example.com"],
        )
        prelude, _ = streamed(function.invoke(events.request("GET", "/whoami", {}))[1])
        assert prelude["statusCode"] == 401


def test_proxy(deployment: Deployment) -> None:
    bearer = {"Authorization": f"Bearer {ISSUER.token()}"}
    with running(deployment, "ProxyFunction", DENIALS_TABLE="") as function:
        prelude, body = streamed(function.invoke(events.request("GET", "/whoami", bearer))[1])
        assert (prelude["statusCode"], json.loads(body)["subject"]) == (200, "alice")
    # Where denials cannot be asked for, no caller gets in.
    with running(deployment, "ProxyFunction") as function:
        prelude, body = streamed(function.invoke(events.request("GET", "/whoami", bearer))[1])
        assert (prelude["statusCode"], json.loads(body)["code"]) == (503, "denials_unavailable")


@pytest.mark.parametrize(
    ("source", "version", "request_"),
    [
        ("HostedAuth", "3", events.person()),
        ("Authentication", "1", events.person()),
        ("ClientCredentials", "3", {"userAttributes": {}, "scopes": ["gatehouse/tools"]}),
    ],
)
def test_trigger(deployment: Deployment, source: str, version: str, request_: dict[str, object]) -> None:
    event = events.trigger(source, version, request_)
    with running(deployment, "PretokenFunction", DENIALS_TABLE="") as function:
        status, body = function.invoke(event)
    answer = json.loads(body)
    # Cognito wants its event back, with the response filled in.
    assert (status, answer | {"response": None}) == (200, event | {"response": None})


@pytest.mark.parametrize("name", ["RotationFunction", "MachineRotationFunction"])
def test_rotations(deployment: Deployment, name: str) -> None:
    with running(deployment, name) as function:
        answer = json.loads(function.invoke(events.rotation("a-secret"))[1])
    # An error is what makes Secrets Manager keep the present version and ask again.
    assert answer["errorType"]
    assert [line["level"] for line in function.lines()].count("ERROR") == 1


def test_attachment(deployment: Deployment) -> None:
    [attachment] = deployment.of_kind("Custom::PolicyEngineAttachment")
    with (
        gone() as (address, answers),
        running(deployment, "PolicyFunction", AWS_ENDPOINT_URL=address) as function,
    ):
        function.invoke(events.custom_resource(attachment.properties, f"{address}/answer"))
    assert [answer["Status"] for answer in answers] == ["SUCCESS"], function.log()


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        ("AuthorizerFunction", {"TRUSTED_ISSUERS": "[]", "AGENTS": '{"Demo": {}}'}),
        ("ProxyFunction", {"TRUSTED_ISSUERS": "[]", "ALLOWED_ORIGINS": "*"}),
        ("OpenRoutesFunction", {"AGENTS": "{", "PUBLIC_URL": "ftp://a.example"}),
        ("PretokenFunction", {"DIRECTORY_TABLE": "t", "IDENTITY_PROOF": "none"}),
        ("MachineRotationFunction", {"TOKEN_ENDPOINT": "", "USER_POOL_ARN": "pool"}),
        ("PolicyFunction", {"POLL_MILLISECONDS": "soon"}),
    ],
)
def test_stops_at_wrong_settings(deployment: Deployment, function: str, wrong: dict[str, str]) -> None:
    with running(deployment, function, **wrong) as stopped:
        status, _ = stopped.invoke({})
    assert status == 502
    assert "exit status 64" in stopped.log()
    [line] = [line for line in stopped.lines() if line["level"] == "ERROR"]
    for variable in wrong:
        assert f"`{variable}" in line["message"]


@contextmanager
def gone() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A service without the gateway that is asked for, and the answers to CloudFormation that it gets."""
    answers: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(404, b'{"message": "there is no such gateway"}', "ResourceNotFoundException")

        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(200, b"", "")

        def _answer(self, status: int, body: bytes, error: str) -> None:
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", error)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", answers
        server.shutdown()
        thread.join(PATIENCE)
