"""Ways in: one API, and permissions for the services that call a function by themselves."""

import json
import re
from collections import Counter
from typing import Any

from api import AUTHORIZER, bodies, methods
from deployment import Deployment, Resource
from functions import ARN

# Types that would be, or would make, another way to a function or a queue of its own before it.
OTHER_WAYS = (
    "AWS::ApiGatewayV2::",
    "AWS::AppSync::",
    "AWS::ElasticLoadBalancing",
    "AWS::IoT::",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Url",
    "AWS::Scheduler::",
    "AWS::VpcLattice::",
)
# Who may call a function.
CALLERS = {"apigateway.amazonaws.com", "cognito-idp.amazonaws.com", "secretsmanager.amazonaws.com"}
# Lambda's quota for the policy of one function, in bytes.
POLICY = 20 * 1024


def broken(deployment: Deployment) -> list[str]:
    """Ways in that are not the API, and permissions that let in more than one caller."""
    faults = [f"{one} is another way in" for one in deployment.resources if one.kind.startswith(OTHER_WAYS)]
    if len(deployment.of_kind("AWS::ApiGateway::RestApi")) != 1:
        faults.append("there is not one API")
    for permission in deployment.of_kind("AWS::Lambda::Permission"):
        faults.extend(_too_wide(permission))
    for rule in deployment.of_kind("AWS::Events::Rule"):
        for target in rule.properties.get("Targets", []):
            if ARN.search(target["Arn"]):
                faults.append(f"{rule} calls a function")
    return [*faults, *_routes(deployment), *_addresses(deployment), *_sizes(deployment)]


def _too_wide(permission: Resource) -> list[str]:
    properties = permission.properties
    source = properties.get("SourceArn", "")
    faults = []
    if properties["Action"] != "lambda:InvokeFunction":
        faults.append(f"{permission} permits {properties['Action']}")
    if properties["Principal"] not in CALLERS:
        faults.append(f"{permission} lets {properties['Principal']} in")
    if not source and "SourceAccount" not in properties:
        faults.append(f"{permission} lets any account in")
    if "*" in source and ":execute-api:" not in source:
        faults.append(f"{permission} is for {source}")
    return faults


def _routes(deployment: Deployment) -> list[str]:
    """Routes by which the API may not call a function that they lead to, or may call another."""
    wanted = set()
    for method in methods(deployment):
        path = re.sub(r"\{[^}]+\}", "*", method.path)
        wanted.add((_named(method.integration.get("uri")), f"*/{method.name}{path}"))
    for body in bodies(deployment):
        described = body.get("components", {}).get("securitySchemes", {}).get(AUTHORIZER, {})
        uri = described.get("x-amazon-apigateway-authorizer", {}).get("authorizerUri")
        wanted.add((_named(uri), "authorizers/*"))
    permitted = {
        (permission.properties["FunctionName"].split(":function:")[-1], source.split("/", 1)[-1])
        for permission in deployment.of_kind("AWS::Lambda::Permission")
        if ":execute-api:" in (source := permission.properties.get("SourceArn", ""))
    }
    faults = [f"the API may not call {function} by {route}" for function, route in wanted - permitted]
    faults.extend(f"the API may call {function} by {route}" for function, route in permitted - wanted)
    return sorted(faults)


def _named(uri: Any) -> str:
    """The function of an address, and its alias if it has one."""
    match = ARN.search(str(uri))
    return match[0].split(":function:")[-1] if match else "nothing"


def _addresses(deployment: Deployment) -> list[str]:
    """A door with a name of its own has no other, and a private one none on the internet."""
    given = deployment.main.parameters
    faults = []
    for api in deployment.of_kind("AWS::ApiGateway::RestApi"):
        kinds = api.properties.get("EndpointConfiguration", {}).get("Types")
        if kinds != (["PRIVATE"] if given["VpcEndpointId"] else ["REGIONAL"]):
            faults.append(f"{api} is {kinds}")
        admitted = [
            statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceVpce")
            for statement in api.properties.get("Policy", {}).get("Statement", [])
        ]
        if admitted != ([given["VpcEndpointId"]] if given["VpcEndpointId"] else []):
            faults.append(f"{api} admits {admitted}")
        servers = api.properties["Body"].get("servers", [{}])
        described = servers[0].get("x-amazon-apigateway-endpoint-configuration", {})
        if described.get("disableExecuteApiEndpoint", False) != bool(given["DomainName"]):
            faults.append(f"{api} has another name than DomainName")
    return faults


def _sizes(deployment: Deployment) -> list[str]:
    sizes: Counter[str] = Counter()
    for permission in deployment.of_kind("AWS::Lambda::Permission"):
        properties = permission.properties
        statement = {
            "Sid": f"{permission.stack.name}-{permission.name}-{'x' * 12}",
            "Effect": "Allow",
            "Principal": {"Service": properties["Principal"]},
            "Action": properties["Action"],
            "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:{properties['FunctionName']}",
            "Condition": {"ArnLike": {"AWS:SourceArn": properties.get("SourceArn", "")}},
        }
        sizes[properties["FunctionName"]] += len(json.dumps(statement))
    return [f"the policy of {name} has {size} bytes" for name, size in sizes.items() if size > POLICY]
