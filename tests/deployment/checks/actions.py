"""Actions of IAM that templates and documents name: all of them exist, in the list that cfn-lint ships."""

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from deployment import Deployment
from templates import ROOT

# Documents that tell people to give, or keep back, rights.
DOCUMENTS = ("docs/deploy.md", "docs/policy.md")
ACTION = re.compile(r"[a-z][a-z0-9-]*:[A-Za-z0-9*]+")
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


def broken(deployment: Deployment) -> list[str]:
    """Actions that a policy names and IAM does not know."""
    return [
        f"{resource}: there is no action `{action}`"
        for resource in deployment.resources
        for action in _in(resource.properties)
        if not exists(action)
    ]


def exists(action: str) -> bool:
    """Whether IAM knows the action, or one that the pattern fits."""
    service, _, name = action.lower().partition(":")
    known = _known().get(service, {}).get("Actions", {})
    # The longest list of a service has some hundred names, so each is looked at.
    return any(fnmatch.fnmatchcase(one, name) for one in known)


def in_document(text: str) -> Iterator[str]:
    """The actions that a document names in its text and in the policies that it shows."""
    for code in CODE.findall(BLOCK.sub("", text)):
        # `Name:Value` and `aws:PrincipalArn` are no actions.
        if re.fullmatch(r"[a-z][a-z0-9-]*:[A-Z*][A-Za-z0-9*]*", code) and not code.startswith("aws:"):
            yield code
    for block in BLOCK.findall(text):
        try:
            yield from _in(json.loads(block))
        except json.JSONDecodeError:
            # Not every example is whole.
            continue


def documents() -> Mapping[str, str]:
    """The documents -> what they say."""
    return {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}


def _in(value: Any) -> Iterator[str]:
    """The actions of every statement in a value; a resource policy may be a text."""
    if isinstance(value, str) and value.lstrip().startswith('{"Version"'):
        value = json.loads(value)
    if isinstance(value, Mapping):
        if "Effect" in value:
            for name in ("Action", "NotAction"):
                actions = value.get(name, [])
                yield from [actions] if isinstance(actions, str) else actions
        for entry in value.values():
            yield from _in(entry)
    elif isinstance(value, list):
        for item in value:
            yield from _in(item)


@cache
def _known() -> Mapping[str, Any]:
    return load_resource(AdditionalSpecs, "Policies.json")
