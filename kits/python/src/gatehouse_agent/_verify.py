"""Pure verifier: keys, time and a request in, a caller or a reason out. It reads no clock, and opens no connection.

The order is the order in which a request can fail, and the same as in the layer for Rust: the shared test vectors
compare the reasons.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ._caller import Caller
from ._errors import ProofError
from ._json import NotStrictError, strict_object
from ._jws import NotCompactError, encode_base64url, parse_compact
from ._keys import KeySet

#: The header of the assertion.
IDENTITY_HEADER: Final = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity"
#: The header of the tool token.
TOOL_TOKEN_HEADER: Final = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token"
#: The header in which AgentCore names the runtime session to a container.
SESSION_HEADER: Final = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"

#: The `typ` of an assertion.
TYPE: Final = "gatehouse-identity+jwt"
#: Allowed difference between the clocks of door and agent, either way, in seconds.
SKEW: Final = 30
#: Lifetime of an assertion, in seconds.
LIFETIME: Final = 60
#: The longest that AgentCore passes on: 4 KB a header ("Pass custom headers to Amazon Bedrock AgentCore Runtime").
MAX_ASSERTION: Final = 4096

Header = tuple[str | bytes, str | bytes]
#: Headers by name, or as pairs. Only pairs show a header that was given twice.
Headers = Mapping[str, str] | Iterable[Header]

# What Unicode calls White_Space. `str.split` also splits at U+001C to U+001F, which are none.
_WHITE_SPACE: Final = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def verify(
    method: str,
    target: str,
    headers: Headers,
    body: bytes,
    *,
    door: str,
    agent: str,
    keys: KeySet,
    now: int,
) -> Caller:
    """The caller of one request, by the assertion in its headers.

    `target` is path and query as on the request line, undecoded; `body` the bytes as they arrived. `door` is the door's
    address, `agent` the name by which its `AGENTS` knows this agent, and `now` whole seconds since 1970.

    Raises `ProofError`. It remembers nothing: whether an assertion was shown before is for `Door` to know.
    """
    found = the_headers(headers)
    claims = Proof.parse(the_one(found)).verify(keys)
    claims.check(door, agent, method, target, found, now)
    claims.check_body(body)
    return claims.caller


def the_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers as bytes, names in lower case."""
    pairs: Iterable[Header] = headers.items() if isinstance(headers, Mapping) else headers
    return [(_bytes(name).lower(), _bytes(value)) for name, value in pairs]


def _bytes(text: str | bytes) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        # As servers decode headers (PEP 3333, "Unicode Issues").
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _values(headers: list[tuple[bytes, bytes]], name: str) -> list[bytes]:
    wanted = name.lower().encode("ascii")
    return [value for found, value in headers if found == wanted]


def the_one(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The one assertion. With two it is unclear which one the door set."""
    values = _values(headers, IDENTITY_HEADER)
    if not values:
        raise ProofError("proof_missing")
    if len(values) > 1:
        raise ProofError("proof_repeated")
    return values[0]


@dataclass(frozen=True, repr=False)
class Proof:
    """An assertion of the right form, unproven."""

    key_id: str
    _signed: bytes
    _signature: bytes
    _payload: bytes

    @classmethod
    def parse(cls, header: bytes) -> Proof:
        """Reads an assertion, or raises `ProofError`."""
        if len(header) > MAX_ASSERTION:
            raise ProofError("proof_form")
        try:
            jws = parse_compact(header)
        except NotCompactError:
            raise ProofError("proof_form") from None
        members = dict(jws.header)
        algorithm, token_type, key_id = (members.pop(name, None) for name in ("alg", "typ", "kid"))
        # The token may not choose its own check (RFC 8725 sections 3.1 and 3.11).
        if algorithm != "ES256" or token_type != TYPE:
            raise ProofError("proof_type")
        # The door writes these three members; `crit` and others ask for what is not understood here.
        if members or not isinstance(key_id, str):
            raise ProofError("proof_form")
        return cls(key_id, jws.signed, jws.signature, jws.payload)

    def verify(self, keys: KeySet) -> Claims:
        """Claims of the door, or `ProofError`. No claim is read before the signature holds."""
        if not keys.verifies(self.key_id, self._signed, self._signature):
            raise ProofError("proof_signature")
        try:
            return Claims.parse(strict_object(self._payload))
        except (NotStrictError, TypeError):
            raise ProofError("proof_claims") from None


@dataclass(frozen=True, repr=False)
class Claims:
    """Claims of the door, not compared with the request yet."""

    issuer: str
    audience: str
    issued_at: int
    expires_at: int
    method: str
    path: str
    body_sha256: str
    caller: Caller

    @classmethod
    def parse(cls, claims: dict[str, object]) -> Claims:
        """Reads the claims, or raises `TypeError`. Unknown ones are ignored."""
        scope = _optional_text(claims, "scope")
        caller = Caller(
            subject=_text(claims, "sub"),
            subject_issuer=_text(claims, "sub_issuer"),
            session=_text(claims, "session"),
            request_id=_text(claims, "jti"),
            client_id=_optional_text(claims, "client_id"),
            username=_optional_text(claims, "username"),
            email=_optional_text(claims, "email"),
            name=_optional_text(claims, "name"),
            groups=_optional_texts(claims, "groups"),
            scopes=None if scope is None else tuple(part for part in _WHITE_SPACE.split(scope) if part),
        )
        return cls(
            issuer=_text(claims, "iss"),
            # A list of one is refused as well: the door writes a text.
            audience=_text(claims, "aud"),
            issued_at=_time(claims, "iat"),
            expires_at=_time(claims, "exp"),
            method=_text(claims, "method"),
            path=_text(claims, "path"),
            body_sha256=_text(claims, "body_sha256"),
            caller=caller,
        )

    def check(
        self, door: str, agent: str, method: str, target: str, headers: list[tuple[bytes, bytes]], now: int
    ) -> None:
        """Raises `ProofError` unless the door says this, to this agent, about this request, and now."""
        if self.issuer != door:
            raise ProofError("proof_issuer")
        if self.audience != agent:
            raise ProofError("proof_audience")
        if self.issued_at > now + SKEW:
            raise ProofError("proof_early")
        if now >= self.expires_at + SKEW:
            raise ProofError("proof_expired")
        if self.expires_at - self.issued_at > LIFETIME:
            raise ProofError("proof_lifetime")
        if self.method != method:
            raise ProofError("proof_method")
        # The door signs a path without a query, so a query comes from elsewhere, an empty one too.
        if "?" in target or self.path != target:
            raise ProofError("proof_path")
        sessions = _values(headers, SESSION_HEADER)
        # With two it is unclear which one the agent reads.
        if len(sessions) > 1 or (sessions and sessions[0] != self.caller.session.encode()):
            raise ProofError("proof_session")

    def check_body(self, body: bytes) -> None:
        """Raises `ProofError` unless the assertion is for this body."""
        digest = encode_base64url(hashlib.sha256(body).digest())
        if not hmac.compare_digest(self.body_sha256.encode(), digest):
            raise ProofError("proof_body")

    @property
    def forgotten_at(self) -> int:
        """From then on it has expired for everyone."""
        return self.expires_at + SKEW


def _text(claims: dict[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _optional_text(claims: dict[str, object], name: str) -> str | None:
    return None if claims.get(name) is None else _text(claims, name)


def _optional_texts(claims: dict[str, object], name: str) -> tuple[str, ...] | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(name)
    return tuple(value)


def _time(claims: dict[str, object], name: str) -> int:
    value = claims.get(name)
    # `True` is an `int` to Python, and a time to no one.
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(name)
    return value
