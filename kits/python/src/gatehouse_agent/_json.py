"""Strict JSON reader: one object in UTF-8, as the door's own parser reads it.

`json` accepts what RFC 8259 does not have (`NaN`), and forgives what lets two readers of one token see two values:
members given twice, halves of surrogate pairs, numbers beyond every machine's. It reads integers of any length, and
fails in other ways than with `ValueError` when lists are nested a thousand deep.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn

# As deep as the door's parser goes.
MAX_DEPTH: Final = 127

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class NotStrictError(ValueError):
    """The text is not one strict JSON object."""


class _Members:
    """An object as it was written: members given twice are still there."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        self.pairs = pairs


def strict_object(text: bytes) -> dict[str, object]:
    """Reads one JSON object, or raises `NotStrictError`.

    Only the outermost members may not be given twice (RFC 7515 section 4, RFC 7519 section 4), since no deeper ones are
    ever read of a token. Objects below are read as dictionaries in which the last member counts.
    """
    try:
        # `json.loads` would guess the encoding of bytes: UTF-16 and UTF-32 are JSON no longer (RFC 8259 section 8.1).
        found = _DECODER.decode(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotStrictError from None
    if not isinstance(found, _Members):
        raise NotStrictError
    _check_depth(found)
    names = [name for name, _ in found.pairs]
    if len(set(names)) != len(names):
        raise NotStrictError
    return {_text(name): _plain(value) for name, value in found.pairs}


def _check_depth(outermost: object) -> None:
    """Level by level, so that no depth can exhaust the stack."""
    level: list[object] = [outermost]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise NotStrictError


def _inside(outer: object) -> list[object]:
    values: list[object] = []
    if isinstance(outer, _Members):
        values = [value for _, value in outer.pairs]
    elif isinstance(outer, list):
        values = outer
    return [value for value in values if isinstance(value, (_Members, list))]


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, _Members):
        return {_text(name): _plain(inner) for name, inner in value.pairs}
    return value


def _text(text: str) -> str:
    # Half of a pair is no character (RFC 8259 section 8.2): what one reader replaces, another one drops.
    if _SURROGATE.search(text):
        raise NotStrictError
    return text


def _integer(text: str) -> int | float:
    # `-0` is a floating-point number to the door's parser, and so is what needs more than 64 bits.
    if len(text) <= 20 and text != "-0":
        number = int(text)
        if -(2**63) <= number < 2**64:
            return number
    return _floating(text)


def _floating(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotStrictError
    return number


def _constant(_text: str) -> NoReturn:
    raise NotStrictError


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_Members,
    parse_int=_integer,
    parse_float=_floating,
    parse_constant=_constant,
    strict=True,
)
