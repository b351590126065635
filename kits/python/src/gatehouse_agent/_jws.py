"""Strict parser of a compact JSON Web Signature (RFC 7515 section 7.1): three parts, one spelling."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from ._json import NotStrictError, strict_object


class NotCompactError(ValueError):
    """The text is not a compact JWS in its one spelling."""


class Jws(NamedTuple):
    """A well-formed compact JWS. Its signature has not been checked, so nothing in it is proven."""

    header: dict[str, object]
    payload: bytes
    signature: bytes
    signed: bytes


def decode_base64url(text: bytes) -> bytes:
    """Decodes base64url without padding, or raises `NotCompactError`.

    `base64.urlsafe_b64decode` skips what is not of its alphabet and ignores unused bits: one token would have many
    texts.
    """
    try:
        decoded = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        raise NotCompactError from None
    if encode_base64url(decoded) != text:
        raise NotCompactError
    return decoded


def encode_base64url(text: bytes) -> bytes:
    """Encodes base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def parse_compact(text: bytes) -> Jws:
    """Takes a compact JWS apart, or raises `NotCompactError`."""
    parts = text.split(b".")
    if len(parts) != 3:
        raise NotCompactError
    head, payload, signature = (decode_base64url(part) for part in parts)
    try:
        header = strict_object(head)
    except NotStrictError:
        raise NotCompactError from None
    return Jws(header, payload, signature, text[: text.rindex(b".")])
