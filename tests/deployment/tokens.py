"""An issuer of tokens, whose keys stand in the settings."""

import base64
import json
import time
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://login.example.com"
AUDIENCE = "gatehouse"
KEY_ID = "one"
# Bytes of a coordinate, and of each half of a signature (RFC 7518, sections 6.2.1 and 3.4).
WIDTH = 32


class Issuer:
    """Signs with a key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def trusted(self) -> str:
        """The value of `TrustedIssuers` that believes it."""
        point = self._key.public_key().public_numbers()
        key = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID}
        key |= {"x": _encoded(point.x.to_bytes(WIDTH)), "y": _encoded(point.y.to_bytes(WIDTH))}
        issuer = {
            "discoveryUrl": f"{ISSUER}/.well-known/openid-configuration",
            "allowedAudience": [AUDIENCE],
            "algorithms": ["ES256"],
            "jwks": {"keys": [key]},
        }
        return json.dumps([issuer])

    def token(self, changes: Mapping[str, object] | None = None) -> str:
        """A token of Alice, good for five minutes, but for the changes."""
        now = int(time.time())
        header = {"alg": "ES256", "typ": "JWT", "kid": KEY_ID}
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "alice",
            "iat": now,
            "exp": now + 300,
            "jti": "a-token",
        }
        signed = ".".join(
            _encoded(json.dumps(part).encode()) for part in (header, claims | dict(changes or {}))
        )
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(WIDTH) + s.to_bytes(WIDTH))}"


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
