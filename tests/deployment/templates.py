"""The texts of the templates, as they are in the repository, and what they say."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from samcli.yamlhelper import intrinsics_multi_constructor

ROOT = Path(__file__).parents[2]
# The template that is deployed; the others hang on it.
MAIN = "template.yaml"
POLICIES = "policy/policies.yaml"

# Path below the root -> text.
Texts = Mapping[str, str]
# A template, or a part of one.
Template = dict[str, Any]


@cache
def texts() -> Texts:
    """The templates as they are written."""
    stacks = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "stacks").glob("*.yaml"))
    return {name: (ROOT / name).read_text("utf-8") for name in (MAIN, POLICIES, *stacks)}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """The SAM CLI's reader of templates, in C where that is there: the broken ones are read one by one."""


Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def parsed(text: str) -> Template:
    """What a text says, functions in their long form and aliases written out; the caller's own copy."""
    return json.loads(_parsed(text))


@cache
def _parsed(text: str) -> str:
    return json.dumps(yaml.load(text, Loader))
