"""Everything that moto can make, made from the resolved properties in CloudFormation's order."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

import names
from checks import order
from cloud import Cloud, cloud
from creators import CREATORS, NOT_IN_MOTO
from deployed import deployed
from deployment import STACK, Resource, Stack
from parameter_sets import SETS

# Between them, they have every type.
MADE = [
    "one runtime and nothing else",
    "own issuer with a machine client that rotates",
    "sign-in elsewhere",
    "settings from files, with tool tokens",
    "open",
    "private, with an address and reserved concurrency",
    "a console beside other origins, and a domain",
    "everything around it",
    "everything around it, own issuer",
]

pytestmark = pytest.mark.skipif("MOTO_PYTHON" not in os.environ, reason="moto; `make deployment` names it")


@pytest.fixture(scope="module")
def moto() -> Iterator[Cloud]:
    with cloud() as made:
        yield made


@pytest.fixture
def account(moto: Cloud) -> Cloud:
    """An account with nothing in it."""
    moto.empty()
    return moto


class Making:
    """Resources made one by one. What they are called takes the place of what was made up for them."""

    def __init__(self, account: Cloud) -> None:
        self._account = account
        self._called: dict[str, str] = {}

    def given(self, parameters: Mapping[str, Any]) -> None:
        """The secrets that a deployer has made before, and names."""
        for name, value in parameters.items():
            if ":secret:" in str(value):
                made = self._account.call("secretsmanager", "create_secret", {}, Name=name, SecretString="{}")
                self._called[value] = made["ARN"]

    def stack(self, stack: Stack) -> None:
        """All resources of a stack, and of those in it."""
        for resource in order.creation(stack):
            if resource.kind == STACK:
                self.stack(stack.opened(resource.name))
            elif resource.kind not in NOT_IN_MOTO:
                self._resource(resource)

    def _resource(self, resource: Resource) -> None:
        properties = self._filled(resource.properties)
        name = names.reference(resource.kind, names.Place(resource.stack.name, resource.name))
        # What the service chooses a name for is known by its place.
        name = name if ":" not in name else names.Place(resource.stack.name, resource.name).name
        made = CREATORS[resource.kind](self._account, name, properties)
        for called, (one, attribute) in resource.stack.made_up.items():
            if one is resource and attribute in made:
                self._called[called] = made[attribute]

    def _filled(self, properties: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(properties)
        # The longer first: an ARN may begin with another.
        for called in sorted(self._called, key=len, reverse=True):
            text = text.replace(json.dumps(called)[1:-1], json.dumps(self._called[called])[1:-1])
        return json.loads(text)


@pytest.mark.parametrize("given", MADE)
def test_makes(given: str, account: Cloud) -> None:
    main = deployed(SETS[given]).main
    making = Making(account)
    making.given(main.parameters)
    making.stack(main)


def test_knows_every_type(counted: Callable[[str], None]) -> None:
    kinds = {resource.kind for given in SETS for resource in deployed(SETS[given]).resources}
    assert kinds == CREATORS.keys() | NOT_IN_MOTO.keys()
    tried = {resource.kind for given in MADE for resource in deployed(SETS[given]).resources}
    assert tried == kinds
    counted(
        f"{len(CREATORS)} of {len(kinds)} types of resources made in moto, of {len(MADE)} sets of parameters"
    )


def test_refuses_what_a_service_does_not_know(account: Cloud) -> None:
    with pytest.raises(AssertionError, match="has no"):
        account.call("iam", "create_role", {"RoleNames": "x"})
    account.call("iam", "create_role", {}, RoleName="x", AssumeRolePolicyDocument={"Version": "2012-10-17"})
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "no action"}]}
    with pytest.raises(account.client("iam").exceptions.MalformedPolicyDocumentException):
        account.call("iam", "put_role_policy", {}, RoleName="x", PolicyName="x", PolicyDocument=policy)
