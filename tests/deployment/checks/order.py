"""The order in which resources are made, as it follows from what they name and what they depend on."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from deployment import Deployment, Resource, Stack


def circles(deployment: Deployment) -> list[str]:
    """Resources that wait for one another."""
    faults = []
    for stack in deployment.stacks:
        try:
            tuple(TopologicalSorter(_waits(stack)).static_order())
        except CycleError as error:
            faults.append(f"{stack.file}: {' waits for '.join(reversed(error.args[1]))}")
    return faults


def creation(stack: Stack) -> list[Resource]:
    """The resources of a stack in an order in which they can be made."""
    return [stack.resources[name] for name in TopologicalSorter(_waits(stack)).static_order()]


def sequence(deployment: Deployment) -> list[str]:
    """What must be there before something else is made, and is not waited for."""
    return [
        f"{later} is made without waiting for {earlier}: {why}"
        for earlier, later, why in _must_precede(deployment)
        if earlier.name not in _awaited(later)
    ]


def _waits(stack: Stack) -> dict[str, set[str]]:
    return {
        resource.name: (resource.references | set(resource.depends_on)) & stack.resources.keys()
        for resource in stack.resources.values()
    }


def _awaited(resource: Resource) -> set[str]:
    """What is there for certain when a resource is made."""
    waits = _waits(resource.stack)
    found: set[str] = set()
    left = [resource.name]
    while left:
        new = waits[left.pop()] - found
        found |= new
        left.extend(new)
    return found


def _must_precede(deployment: Deployment) -> Iterator[tuple[Resource, Resource, str]]:
    """Pairs of one stack that AWS wants in this order though neither has to name the other."""
    accounts = deployment.of_kind("AWS::ApiGateway::Account")
    for account in accounts:
        for api in deployment.of_kind("AWS::ApiGateway::RestApi"):
            yield api, account, "an account that has never had an API takes no role for logs"
        for stage in deployment.of_kind("AWS::ApiGateway::Stage"):
            yield account, stage, "a stage with an access log needs the account's role"
    permissions = deployment.of_kind("AWS::Lambda::Permission")
    for permission in permissions:
        for schedule in deployment.of_kind("AWS::SecretsManager::RotationSchedule"):
            if _is_of(permission, schedule):
                yield permission, schedule, "Secrets Manager calls the function when a rotation is set up"
            # What the rotation of the machine client's secret asks for a token asks the trigger.
            if "Machine" in schedule.name and permission.properties["Principal"].startswith("cognito-idp"):
                yield permission, schedule, "a rotation asks for a token, and Cognito then calls the trigger"
    for attachment in deployment.of_kind("Custom::PolicyEngineAttachment"):
        for rights in deployment.of_kind("AWS::IAM::Policy"):
            yield rights, attachment, "the gateway's role must be able to ask the engine that is attached"


def _is_of(permission: Resource, schedule: Resource) -> bool:
    function = permission.properties["FunctionName"].split(":")[-1]
    asked = schedule.properties["RotationLambdaARN"].split(":function:")[-1].split(":")[0]
    return permission.properties["Principal"].startswith("secretsmanager") and function == asked
