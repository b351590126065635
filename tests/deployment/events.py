"""Events as the services send them."""

import json
from collections.abc import Mapping
from typing import Any

from names import ACCOUNT, REGION
from templates import ROOT

ROUTE = "POST/agents/demo/invocations"
POOL = f"{REGION}_EXAMPLE"


def authorizer(authorization: str) -> Any:
    """What API Gateway asks an authorizer of the type REQUEST."""
    text = (ROOT / "tests/events/rest-request.json").read_text("utf-8")
    return json.loads(text.replace('"AUTHORIZATION"', json.dumps(authorization)).replace("ROUTE", ROUTE))


def request(method: str, path: str, headers: Mapping[str, str]) -> Any:
    """What API Gateway hands to an integration of the type aws_proxy."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "a1b2c3d4e5",
            "domainName": f"a1b2c3d4e5.execute-api.{REGION}.amazonaws.com",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "httpMethod": method,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "curl/8.9.1"},
            "path": f"/live{path}",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1_795_000_000_000,
            "resourcePath": path,
            "stage": "live",
        },
        "body": None,
        "isBase64Encoded": False,
    }


def trigger(source: str, version: str, request: Mapping[str, object]) -> Any:
    """What Cognito asks before it signs a token."""
    return {
        "version": version,
        "triggerSource": f"TokenGeneration_{source}",
        "region": REGION,
        "userPoolId": POOL,
        "userName": "c2b4e4a8-7001-70c3-8f0e-2f6c1d0a9b11",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "4f0exampleuserclient0001"},
        "request": dict(request),
        "response": {"claimsAndScopeOverrideDetails": None},
    }


def person() -> Mapping[str, object]:
    """What Cognito knows of a person who signs in."""
    groups = {"groupsToOverride": ["staff"], "iamRolesToOverride": [], "preferredRole": None}
    attributes = {"sub": "c2b4e4a8-7001-70c3-8f0e-2f6c1d0a9b11", "cognito:user_status": "CONFIRMED"}
    return {"userAttributes": attributes, "groupConfiguration": groups, "scopes": ["openid"]}


def rotation(secret: str) -> Any:
    """The first of the four steps of a rotation."""
    return {
        "SecretId": secret,
        "ClientRequestToken": "2f0c1d7e-6c6a-4a53-8c5e-0a5d6f1b9c3d",
        "Step": "createSecret",
    }


def custom_resource(properties: Mapping[str, Any], answer_to: str) -> Any:
    """What CloudFormation says to a custom resource that is to go."""
    return {
        "RequestType": "Delete",
        "ResponseURL": answer_to,
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/gatehouse/5b9d6c80",
        "RequestId": "9b1c5f66-2f1a-4f0e-9f0b-1c2d3e4f5a6b",
        "ResourceType": "Custom::PolicyEngineAttachment",
        "LogicalResourceId": "Attachment",
        "PhysicalResourceId": f"{properties['GatewayIdentifier']}/policy-engine",
        "ResourceProperties": {name: str(value) for name, value in properties.items()},
    }
