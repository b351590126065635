"""SAM's own transform, the one that CloudFormation runs, without AWS."""

import logging
import os
from collections.abc import Mapping
from functools import cache
from unittest import mock

from samtranslator.model import apigateway
from samtranslator.translator.transform import transform

from names import REGION
from templates import Template, parsed

# What `sam deploy` puts in the place of a folder, once it has uploaded it.
PACKAGED = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
BUCKET = "s3://packages"

logging.getLogger("samtranslator").setLevel(logging.ERROR)


class NoManagedPolicies:
    """SAM asks IAM for the ARNs of policies that a function names; ours have roles of their own."""

    def load(self) -> dict[str, str]:
        return {}


def transformed(text: str, parameters: Mapping[str, str], moment: int = 0, build: str = "1") -> Template:
    """The CloudFormation template that a SAM template is made into for these parameters.

    `moment` is the second at which it happens: SAM puts it into the name of a deployment that is always made.
    `build` stands for the contents of the packages: what is built anew from other sources has another.
    """
    return _transformed(text, tuple(sorted(parameters.items())), moment, build)


# Shared by all callers, which only read it.
@cache
def _transformed(text: str, parameters: tuple[tuple[str, str], ...], moment: int, build: str) -> Template:
    template = parsed(text)
    for resource in template["Resources"].values():
        if location := PACKAGED.get(resource["Type"]):
            properties = resource["Properties"]
            properties[location] = f"{BUCKET}/{build}/{properties[location]}"
    region = mock.patch.dict(os.environ, AWS_DEFAULT_REGION=REGION)
    clock = mock.patch.object(apigateway, "time", mock.Mock(time=lambda: moment))
    with region, clock:
        return transform(template, dict(parameters), NoManagedPolicies())
