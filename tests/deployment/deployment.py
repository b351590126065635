"""What CloudFormation is asked to make: each stack, each resource, with every function in it carried out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import names
import parameters
from intrinsics import Scope
from templates import MAIN, Template, Texts, parsed
from transform import transformed

STACK = "AWS::CloudFormation::Stack"


@dataclass
class Resource:
    """One resource that is made."""

    stack: "Stack"
    # Its name in the template.
    name: str
    kind: str
    # As the template says, functions and all.
    declared: Mapping[str, Any]
    depends_on: list[str]
    # The resources that it names.
    references: set[str] = field(default_factory=set)
    properties: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.stack.file} {self.name}"


class Stack:
    """One stack for one set of parameters."""

    def __init__(
        self,
        file: str,
        name: str,
        template: Template,
        given: Mapping[str, str],
        nested: Callable[["Resource"], "Stack"],
    ) -> None:
        self.file = file
        self.name = name
        self.template = template
        self.parameters = parameters.values(template, given)
        self.faults = list(parameters.faults(template, given))
        self._nested = nested
        # What resources are called -> the resource, and the attribute if it is one.
        self.made_up: dict[str, tuple[Resource, str | None]] = {}
        self._stacks: dict[str, Stack] = {}
        self._collected: set[str] = set()
        self._opening: set[str] = set()
        place = names.Place(name, "")
        pseudo = {
            "AWS::AccountId": names.ACCOUNT,
            "AWS::Partition": names.PARTITION,
            "AWS::Region": names.REGION,
            "AWS::StackId": place.arn("cloudformation", f"stack/{name}/{place.uuid}"),
            "AWS::StackName": name,
            "AWS::URLSuffix": names.SUFFIX,
        }
        # Rules and conditions name parameters alone.
        self._scope = Scope(self.parameters, pseudo, template.get("Conditions", {}), self._called)
        self.resources = {
            logical: self._declared(logical, declared)
            for logical, declared in template["Resources"].items()
            if self._is_made(declared)
        }
        self.outputs: dict[str, Any] = {}

    def resolve(self) -> None:
        """Carries out the functions of everything. Apart from the constructor: resources name one another."""
        for resource in self.resources.values():
            resource.properties, resource.references = self._resolved(
                resource.declared.get("Properties", {}), resource.name
            )
            if resource.kind == STACK:
                self.opened(resource.name)
        for name, output in self.template.get("Outputs", {}).items():
            if self._is_made(output):
                self.outputs[name], _ = self._resolved(output["Value"], f"output {name}")

    def properties(self, logical: str) -> dict[str, Any]:
        """The properties of a resource, before all of them are resolved."""
        declared = self.resources[logical].declared.get("Properties", {})
        collected, self._collected = self._collected, set()
        resolved = self._scope.value(declared)
        self._collected = collected
        return resolved

    def opened(self, logical: str) -> "Stack":
        """The stack that a resource is."""
        if logical not in self._stacks:
            if logical in self._opening:
                raise ValueError(f"{self.file}: {logical} waits for itself")
            self._opening.add(logical)
            self._stacks[logical] = self._nested(self.resources[logical])
        return self._stacks[logical]

    @property
    def stacks(self) -> list["Stack"]:
        """This one and those in it."""
        return [self, *(inner for stack in self._stacks.values() for inner in stack.stacks)]

    def broken_rules(self) -> Iterator[str]:
        """The sentences with which CloudFormation refuses what does not go together."""
        for rule in self.template.get("Rules", {}).values():
            if self._scope.value(rule.get("RuleCondition", True)):
                for assertion in rule["Assertions"]:
                    if not self._scope.value(assertion["Assert"]):
                        yield assertion["AssertDescription"]

    def _declared(self, logical: str, declared: Mapping[str, Any]) -> Resource:
        depends_on = declared.get("DependsOn", [])
        depends_on = [depends_on] if isinstance(depends_on, str) else list(depends_on)
        return Resource(self, logical, declared["Type"], declared, depends_on)

    def _is_made(self, declared: Mapping[str, Any]) -> bool:
        return "Condition" not in declared or self._scope.holds(declared["Condition"])

    def _resolved(self, value: Any, where: str) -> tuple[Any, set[str]]:
        self._collected = set()
        resolved = self._scope.value(value)
        for name in sorted(self._collected - self.resources.keys()):
            self.faults.append(f"{where} names `{name}`, which is not made")
        return resolved, self._collected

    def _called(self, logical: str, attribute: str | None) -> Any:
        self._collected.add(logical)
        if logical not in self.resources:
            return f"nothing:{logical}"
        resource = self.resources[logical]
        if resource.kind == STACK and attribute and attribute.startswith("Outputs."):
            collected, self._collected = self._collected, set()
            outputs = self.opened(logical).outputs
            self._collected = collected
            output = attribute.removeprefix("Outputs.")
            if output not in outputs:
                self.faults.append(f"there is no output `{output}` of `{logical}`")
            return outputs.get(output, f"nothing:{logical}.{output}")
        called = self._made_up(resource, attribute)
        self.made_up[called] = (resource, attribute)
        return called

    def _made_up(self, resource: Resource, attribute: str | None) -> str:
        place = names.Place(self.name, resource.name)
        if attribute:
            return names.attribute(resource.kind, attribute, place)
        match resource.kind:
            # These are called by what they belong to.
            case "AWS::Lambda::Alias" | "AWS::Lambda::Version":
                properties = self.properties(resource.name)
                function = properties["FunctionName"]
                function = (
                    function if function.startswith("arn:") else place.arn("lambda", f"function:{function}")
                )
                return f"{function}:{properties.get('Name', '1')}"
            case "AWS::ApiGateway::Stage":
                return self.properties(resource.name)["StageName"]
            case "AWS::ApiGateway::DomainName":
                return self.properties(resource.name)["DomainName"]
            case "AWS::Cognito::UserPoolDomain":
                return self.properties(resource.name)["Domain"]
            case "AWS::Cognito::UserPoolResourceServer":
                return self.properties(resource.name)["Identifier"]
            case "AWS::Cognito::UserPoolIdentityProvider":
                return self.properties(resource.name)["ProviderName"]
            case _:
                return names.reference(resource.kind, place)


class Deployment:
    """All stacks for one set of parameters."""

    def __init__(
        self,
        texts: Texts,
        given: Mapping[str, str],
        *,
        name: str = "gatehouse",
        moment: int = 0,
        build: str = "1",
    ) -> None:
        """`moment` and `build` are those of the transform."""
        self._texts = texts
        template = transformed(texts[MAIN], given, moment, build)
        self.main = Stack(MAIN, name, template, given, self._nested)
        self.main.resolve()

    @property
    def stacks(self) -> list[Stack]:
        """The main one first."""
        return self.main.stacks

    @property
    def resources(self) -> list[Resource]:
        """Those of all stacks."""
        return [resource for stack in self.stacks for resource in stack.resources.values()]

    def of_kind(self, *kinds: str) -> list[Resource]:
        """The resources of these types."""
        return [resource for resource in self.resources if resource.kind in kinds]

    @property
    def faults(self) -> list[str]:
        """What went wrong on the way here."""
        return [f"{stack.file}: {fault}" for stack in self.stacks for fault in stack.faults]

    def _nested(self, resource: Resource) -> Stack:
        properties = resource.stack.properties(resource.name)
        file = properties["TemplateURL"]
        given = {name: _text(value) for name, value in properties.get("Parameters", {}).items()}
        # CloudFormation cuts the parent's name, so that the whole stays within 128 characters.
        place = names.Place(resource.stack.name, resource.name)
        ending = f"-{resource.name}-{place.unique(12)}"
        name = resource.stack.name[: 128 - len(ending)] + ending
        stack = Stack(file, name, parsed(self._texts[file]), given, self._nested)
        stack.resolve()
        return stack


def refusals(texts: Texts, given: Mapping[str, str]) -> list[str]:
    """What CloudFormation answers to a set of parameters that is wrong, before it makes anything."""
    template = parsed(texts[MAIN])
    if faults := list(parameters.faults(template, given)):
        return faults

    def nothing(resource: Any, *_: Any) -> Any:
        raise LookupError(f"a rule names the resource {resource}")

    return list(Stack(MAIN, "gatehouse", template, given, nothing).broken_rules())


def _text(value: Any) -> str:
    """A nested stack's parameter: CloudFormation takes texts, and joins lists."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def walked(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every text, number and truth in a value, with the way to it."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield from walked(entry, (*path, str(name)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walked(item, (*path, str(index)))
    else:
        yield path, value
