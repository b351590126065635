"""A door's side for tests: keys, assertions, and the document that publishes the keys."""

import base64
import hashlib
import itertools
import json
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from gatehouse_agent import IDENTITY_HEADER, SESSION_HEADER

AGENT = "demo"
NUMBERS = itertools.count()


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Signer:
    """A key of the door's. It signs with `cryptography`; the vectors are signed by another library."""

    def __init__(self, key_id="k1"):
        self.key_id = key_id
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def document(self):
        point = self._key.public_key().public_numbers()
        x, y = (encode(number.to_bytes(32, "big")) for number in (point.x, point.y))
        key = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.key_id, "x": x, "y": y}
        return json.dumps({"keys": [key]}).encode()

    def assertion(self, door, body, path="/invocations", method="POST", **claims):
        now = int(time.time())
        claims = {
            "iss": door,
            "aud": AGENT,
            "sub": "alice",
            "sub_issuer": "https://issuer.example",
            "username": "alice",
            "jti": f"r-{next(NUMBERS)}",
            "iat": now,
            "exp": now + 60,
            "session": "session-1",
            "method": method,
            "path": path,
            "body_sha256": encode(hashlib.sha256(body).digest()),
            **claims,
        }
        head = {"alg": "ES256", "kid": self.key_id, "typ": "gatehouse-identity+jwt"}
        message = ".".join(encode(json.dumps(part).encode()) for part in (head, claims))
        halves = decode_dss_signature(self._key.sign(message.encode(), ec.ECDSA(SHA256())))
        return message + "." + encode(b"".join(half.to_bytes(32, "big") for half in halves))

    def headers(self, door, body, **claims):
        return {
            IDENTITY_HEADER: self.assertion(door, body, **claims),
            SESSION_HEADER: claims.get("session", "session-1"),
            "Content-Type": "application/json",
        }
