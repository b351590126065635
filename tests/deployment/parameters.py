"""Values of a template's parameters: those given, defaults for the rest, each within its declared bounds."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from templates import Template

# CloudFormation's quota for one value, in bytes.
LONGEST = 4096

Value = str | float | list[str]


def values(template: Template, given: Mapping[str, str]) -> dict[str, Value]:
    """What `Ref` gives for each parameter."""
    declared = template.get("Parameters", {})
    texts = {name: given.get(name, one.get("Default")) for name, one in declared.items()}
    return {name: _typed(declared[name]["Type"], text) for name, text in texts.items() if text is not None}


def faults(template: Template, given: Mapping[str, str]) -> Iterator[str]:
    """What CloudFormation refuses of the values before it makes anything."""
    declared = template.get("Parameters", {})
    for name in given.keys() - declared.keys():
        yield f"there is no parameter `{name}`"
    for name, one in declared.items():
        if name not in given and "Default" not in one:
            yield f"`{name}` is needed"
            continue
        text = str(given.get(name, one.get("Default")))
        yield from (f"`{name}` {fault}" for fault in _faults(one, text))


def _typed(kind: str, text: Any) -> Value:
    match kind:
        case "String":
            return str(text)
        case "Number":
            number = float(text)
            return int(number) if number.is_integer() else number
        case "CommaDelimitedList":
            return [item.strip() for item in str(text).split(",")]
        case _:
            raise NotImplementedError(f"parameters of type {kind}")


def _faults(declared: Mapping[str, Any], text: str) -> Iterator[str]:
    if len(text.encode()) > LONGEST:
        yield f"is longer than {LONGEST} bytes"
    items = text.split(",") if declared["Type"] == "CommaDelimitedList" else [text]
    for item in items:
        if not re.fullmatch(str(declared.get("AllowedPattern", r"[\s\S]*")), item.strip()):
            yield declared.get("ConstraintDescription", f"`{item}` does not match its pattern")
    allowed = [str(value) for value in declared.get("AllowedValues", [])]
    if allowed and text not in allowed:
        yield f"is none of {', '.join(allowed)}"
    if not declared.get("MinLength", 0) <= len(text) <= declared.get("MaxLength", LONGEST):
        yield "is too short or too long"
    if declared["Type"] == "Number":
        number = float(text)
        if not declared.get("MinValue", number) <= number <= declared.get("MaxValue", number):
            yield "is too small or too large"
