"""An assertion of the door's form, signed with a key of a stranger's."""

import base64
import hashlib
import json
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


def forged(door, key_id, path, body):
    """Names alice to the agent `demo`, for this body, now, and under the id of a key that the door publishes."""
    now = int(time.time())
    head = {"alg": "ES256", "kid": key_id, "typ": "gatehouse-identity+jwt"}
    claims = {
        "aud": "demo",
        "body_sha256": encoded(hashlib.sha256(body).digest()),
        "exp": now + 60,
        "iat": now,
        "iss": door,
        "jti": "forged",
        "method": "POST",
        "path": f"/{path}",
        "session": "forged",
        "sub": "alice",
        "sub_issuer": door,
        "username": "alice",
    }
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
    signature = ec.generate_private_key(ec.SECP256R1()).sign(signed.encode(), ec.ECDSA(SHA256()))
    halves = (half.to_bytes(32, "big") for half in decode_dss_signature(signature))
    return f"{signed}.{encoded(b''.join(halves))}"


def encoded(text):
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
