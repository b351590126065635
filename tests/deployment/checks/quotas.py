"""Quotas that CloudFormation, Lambda and IAM hold templates to, and no schema tells."""

import json

from deployment import Deployment
from functions import FUNCTION

# "Lambda quotas": all variables of a function, measured as the JSON that its error message shows.
ENVIRONMENT = 4096
# "CloudFormation quotas": resources, parameters and outputs of a template, and its size in a bucket.
RESOURCES = 500
PARAMETERS = 200
OUTPUTS = 200
TEMPLATE = 1_000_000
# "IAM and AWS STS quotas": all inline policies of a role, without white space.
INLINE_POLICIES = 10_240


def broken(deployment: Deployment) -> list[str]:
    """What is over a quota."""
    return [*_environments(deployment), *_roles(deployment), *_templates(deployment)]


def _environments(deployment: Deployment) -> list[str]:
    faults = []
    for function in deployment.of_kind(FUNCTION):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        size = len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode())
        if size > ENVIRONMENT:
            faults.append(f"{function} has {size} bytes of variables")
    return faults


def _roles(deployment: Deployment) -> list[str]:
    faults = []
    for role in deployment.of_kind("AWS::IAM::Role"):
        policies = [policy["PolicyDocument"] for policy in role.properties.get("Policies", [])]
        size = sum(len(json.dumps(policy, separators=(",", ":"))) for policy in policies)
        if size > INLINE_POLICIES:
            faults.append(f"{role} has {size} bytes of policies")
    return faults


def _templates(deployment: Deployment) -> list[str]:
    faults = []
    for stack in deployment.stacks:
        template = stack.template
        sizes = [
            ("resources", len(template["Resources"]), RESOURCES),
            ("parameters", len(template.get("Parameters", {})), PARAMETERS),
            ("outputs", len(template.get("Outputs", {})), OUTPUTS),
            ("bytes", len(json.dumps(template, separators=(",", ":"))), TEMPLATE),
        ]
        faults.extend(f"{stack.file} has {size} {what}" for what, size, most in sizes if size > most)
    return faults
