"""The public keys of a door. The only module that names the cryptography.

`cryptography` verifies one ECDSA signature, and nothing else of it is used: no library for JWT stands in between, whose
own, wider notion of an acceptable token would have to be narrowed again.
"""

from __future__ import annotations

import codecs
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ._json import NotStrictError, strict_object
from ._jws import NotCompactError, decode_base64url

# Three are published at most; the bound is for a door that is none.
MAX_KEYS: Final = 100

_ALGORITHM: Final = ec.ECDSA(SHA256())
# Bytes of a coordinate, and of each half of a signature (RFC 7518 sections 3.4 and 6.2.1).
_LENGTH: Final = 32


class KeyDocumentError(ValueError):
    """A key document is not strict JSON, or holds no ES256 key."""


class KeySet:
    """ES256 keys by their ids."""

    __slots__ = ("_keys",)

    def __init__(self, keys: dict[str, ec.EllipticCurvePublicKey]) -> None:
        self._keys = keys

    @classmethod
    def parse(cls, document: bytes) -> KeySet:
        """Reads a JSON Web Key Set (RFC 7517 section 5). Entries that are no ES256 keys are passed over.

        One byte order mark in front of it is ignored, which some editors write (RFC 8259 section 8.1).

        Raises `KeyDocumentError`.
        """
        try:
            listed = strict_object(document.removeprefix(codecs.BOM_UTF8)).get("keys")
        except NotStrictError:
            raise KeyDocumentError("the key document is not one strict JSON object") from None
        if not isinstance(listed, list):
            raise KeyDocumentError("the key document has no list `keys`")
        keys: dict[str, ec.EllipticCurvePublicKey] = {}
        for entry in listed[:MAX_KEYS]:
            key = _public_key(entry) if isinstance(entry, dict) else None
            if key is not None:
                # Of two keys with one id the first one counts: a key that is added replaces none.
                keys.setdefault(*key)
        if not keys:
            raise KeyDocumentError("the key document holds no ES256 key")
        return cls(keys)

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._keys

    def verifies(self, key_id: str, signed: bytes, signature: bytes) -> bool:
        """True if the key of this id made this ES256 signature (RFC 7518 section 3.4)."""
        key = self._keys.get(key_id)
        if key is None or len(signature) != 2 * _LENGTH:
            return False
        halves = (int.from_bytes(half, "big") for half in (signature[:_LENGTH], signature[_LENGTH:]))
        try:
            key.verify(encode_dss_signature(*halves), signed, _ALGORITHM)
        except InvalidSignature:
            return False
        return True


def _public_key(jwk: dict[str, object]) -> tuple[str, ec.EllipticCurvePublicKey] | None:
    # A member that is null says as much as one that is not there: libraries write what they do not know as null.
    jwk = {name: value for name, value in jwk.items() if value is not None}
    key_id, x, y = jwk.get("kid"), jwk.get("x"), jwk.get("y")
    # A key for another purpose must not verify signatures (RFC 7517 sections 4.2 to 4.4).
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", "ES256") != "ES256":
        return None
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    if not all(isinstance(jwk.get(name, ""), str) for name in ("x5t", "issuer")):
        return None
    # The kind of the key decides what it serves, not an algorithm that a token names.
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        return None
    if not (isinstance(key_id, str) and isinstance(x, str) and isinstance(y, str)):
        return None
    try:
        point = [decode_base64url(text.encode("ascii")) for text in (x, y)]
        if [len(coordinate) for coordinate in point] != [_LENGTH, _LENGTH]:
            return None
        # Raises for a point that is not on the curve.
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + b"".join(point))
    except (NotCompactError, UnicodeEncodeError, ValueError):
        return None
    return key_id, key
