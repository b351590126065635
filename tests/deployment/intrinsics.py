"""CloudFormation's functions, as far as the templates use them; another one is an error of the test."""

import re
from collections.abc import Callable, Mapping
from typing import Any

PLACE = re.compile(r"\$\{(!?)([^}]+)\}")

# Stands for AWS::NoValue, which takes away what it is the value of.
NO_VALUE = object()


class Scope:
    """What a template's functions are resolved with."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        pseudo: Mapping[str, str],
        conditions: Mapping[str, Any],
        resource: Callable[[str, str | None], Any],
    ) -> None:
        """`resource` is asked for what a resource, or an attribute of it, is called."""
        self._parameters = parameters
        self._pseudo = pseudo
        self._conditions = conditions
        self._resource = resource
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.holds,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Equals": lambda two: self._equals(*two),
            "Fn::Not": lambda one: not self.value(one[0]),
            "Fn::And": lambda several: all(self.value(one) for one in several),
            "Fn::Or": lambda several: any(self.value(one) for one in several),
            "Fn::Contains": lambda two: self.value(two[1]) in self.value(two[0]),
        }

    def holds(self, condition: str) -> bool:
        """Whether one of the template's conditions holds."""
        return self.value(self._conditions[condition])

    def value(self, value: Any) -> Any:
        """The value with all functions in it carried out."""
        if isinstance(value, Mapping):
            if len(value) == 1:
                [(name, argument)] = value.items()
                if function := self._functions.get(name):
                    return function(argument)
                if name.startswith("Fn::"):
                    raise NotImplementedError(name)
            resolved = {name: self.value(entry) for name, entry in value.items()}
            return {name: entry for name, entry in resolved.items() if entry is not NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self.value, value) if item is not NO_VALUE]
        return value

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.startswith("AWS::"):
            return self._pseudo[name]
        return self._parameters[name] if name in self._parameters else self._resource(name, None)

    def _attribute(self, path: str | list[Any]) -> Any:
        name, attribute = path.split(".", 1) if isinstance(path, str) else (path[0], self.value(path[1]))
        return self._resource(name, attribute)

    def _sub(self, argument: str | list[Any]) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def fill(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return _text(self.value(own[name]))
            return _text(self._attribute(name) if "." in name else self._ref(name))

        return PLACE.sub(fill, text)

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        return self.value(then if self.holds(condition) else otherwise)

    def _join(self, argument: list[Any]) -> str:
        return argument[0].join(map(_text, self.value(argument[1])))

    def _select(self, argument: list[Any]) -> Any:
        return self.value(argument[1])[int(self.value(argument[0]))]

    def _split(self, argument: list[Any]) -> list[str]:
        return self.value(argument[1]).split(argument[0])

    def _equals(self, one: Any, other: Any) -> bool:
        return _text(self.value(one)) == _text(self.value(other))


def _text(value: Any) -> str:
    """A value as it stands in a text: CloudFormation has no lists or maps there."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise TypeError(f"{value!r} within a text")
    return str(value)
