"""The programs of the functions, and the variables that the template gives them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment import Deployment
from templates import MAIN, ROOT, parsed, texts

# What `sam build` makes for `make deployment`: what would be uploaded.
BUILT = ROOT / ".aws-sam" / "check"
SERVERLESS = "AWS::Serverless::Function"


def binaries() -> Mapping[str, str]:
    """The functions -> their programs' names."""
    resources: Mapping[str, Any] = parsed(texts()[MAIN])["Resources"]
    return {
        name: resource["Metadata"]["BuildProperties"]["Binary"]
        for name, resource in resources.items()
        if resource["Type"] == SERVERLESS
    }


def program(function: str) -> Path:
    """The program of a function, as SAM has packed it or else as cargo has built it."""
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    places = [BUILT / function / "bootstrap", target / "debug" / binaries()[function]]
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(f"{function} is not built; run `make deployment`")


def variables(deployment: Deployment, function: str) -> dict[str, str]:
    """The variables of a function, as CloudFormation hands them on."""
    properties = deployment.main.resources[function].properties
    return {
        name: str(value) for name, value in properties.get("Environment", {}).get("Variables", {}).items()
    }
