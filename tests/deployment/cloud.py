"""AWS services that others wrote, moto's, and how each type of resource is made there."""

import io
import json
import os
import subprocess
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.model import ListShape, MapShape, Shape, StructureShape

from names import REGION
from templates import ROOT

# What a step is waited for, in seconds.
PATIENCE = 60
SCRIPT = ROOT / "python" / "moto_server.py"


@contextmanager
def cloud() -> Iterator["Cloud"]:
    """moto on a free port, with nothing in it. It ends with its input."""
    command = [os.environ["MOTO_PYTHON"], str(SCRIPT)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port = process.stdout.readline().removeprefix("listening on ").strip()
        try:
            yield Cloud(f"http://127.0.0.1:{port}")
        finally:
            process.stdin.close()
            process.wait(PATIENCE)


@dataclass
class Cloud:
    """An account in which nothing exists until it is made."""

    address: str
    clients: dict[str, Any] = field(default_factory=dict)

    def empty(self) -> None:
        """Takes away all that was made."""
        request = urllib.request.Request(f"{self.address}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=PATIENCE).close()

    def client(self, service: str) -> Any:
        """A client of a service; boto3 refuses what the service's model does not know."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.address,
                aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
                aws_secret_access_key="nothing",
                config=Config(retries={"max_attempts": 1}, read_timeout=PATIENCE, parameter_validation=True),
            )
        return self.clients[service]

    def call(self, service: str, operation: str, properties: Mapping[str, Any], **more: Any) -> Any:
        """Calls an operation with properties of a resource, put into the words of the service."""
        client = self.client(service)
        shape = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation]
        ).input_shape
        return getattr(client, operation)(**worded(shape, {**properties, **more}))


def worded(shape: Shape, value: Any) -> Any:
    """A property as the service's own interface takes it: CloudFormation spells some names otherwise, writes
    lists where the interface counts them, and documents where it wants a text."""
    if isinstance(shape, StructureShape):
        members = {name.lower(): name for name in shape.members}
        if isinstance(value, list) and {"quantity", "items"} <= members.keys():
            value = {"Quantity": len(value), "Items": value}
        unknown = [name for name in value if name.lower() not in members]
        assert not unknown, f"{shape.name} has no {unknown}"
        named = {members[name.lower()]: entry for name, entry in value.items()}
        return {name: worded(shape.members[name], entry) for name, entry in named.items()}
    if isinstance(shape, ListShape):
        return [worded(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        if isinstance(value, list):
            value = {tag["Key"]: tag["Value"] for tag in value}
        return {name: worded(shape.value, entry) for name, entry in value.items()}
    if shape.type_name == "string" and not isinstance(value, str):
        return json.dumps(value)
    return value


def package() -> bytes:
    """A package with a program in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bootstrap", "#!/bin/sh\n")
    return buffer.getvalue()


Properties = dict[str, Any]
# Makes a resource. Returns what `Ref` (under None) and `Fn::GetAtt` give, where the service chooses it.
Creator = Callable[[Cloud, str, Properties], Mapping[str | None, str]]


def only(properties: Properties, *names: str) -> Properties:
    """Some of the properties."""
    return {name: properties[name] for name in names if name in properties}


def without(properties: Properties, *names: str) -> Properties:
    """All but some of the properties."""
    return {name: value for name, value in properties.items() if name not in names}


def patch(**values: str) -> list[dict[str, str]]:
    """The operations with which API Gateway is told of changes; `__` is a slash."""
    return [
        {"op": "replace", "path": f"/{path.replace('__', '/')}", "value": value}
        for path, value in values.items()
    ]
