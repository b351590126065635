"""Processor time that the middleware adds to a request, beside the bare framework, in one run.

    pip install gatehouse-agent starlette fastapi
    python bench/overhead.py [REQUESTS]

No socket and no server: what is measured is the application alone, in time of the processor, so that what else the
machine does hardly matters. Bare and guarded applications take turns. One signature check by `cryptography` stands
beside them: nothing can cost less.
"""

import asyncio
import base64
import hashlib
import json
import platform
import statistics
import sys
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from fastapi import FastAPI, Request
from gatehouse_agent import IDENTITY_HEADER, SESSION_HEADER, Door, IdentityMiddleware, caller
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

DOOR, AGENT = "https://door.example", "demo"
KEY = ec.generate_private_key(ec.SECP256R1())
BODY = json.dumps({"prompt": "hello"}).encode()


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def document():
    point = KEY.public_key().public_numbers()
    x, y = (encoded(number.to_bytes(32, "big")) for number in (point.x, point.y))
    return json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": x, "y": y}]}).encode()


def assertion(number):
    now = int(time.time())
    claims = {
        "iss": DOOR,
        "aud": AGENT,
        "sub": "alice",
        "sub_issuer": "https://issuer.example",
        "username": "alice",
        "groups": ["staff", "finance"],
        "jti": f"r-{number}",
        "iat": now,
        "exp": now + 60,
        "session": "session-1",
        "method": "POST",
        "path": "/invocations",
        "body_sha256": encoded(hashlib.sha256(BODY).digest()),
    }
    head = {"alg": "ES256", "kid": "k1", "typ": "gatehouse-identity+jwt"}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
    halves = decode_dss_signature(KEY.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{encoded(b''.join(half.to_bytes(32, 'big') for half in halves))}"


def scope(number):
    headers = {IDENTITY_HEADER: assertion(number), SESSION_HEADER: "session-1", "content-type": "application/json"}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/invocations",
        "raw_path": b"/invocations",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 1),
    }


async def once(application, of):
    messages = [{"type": "http.request", "body": BODY, "more_body": False}]
    sent = []

    async def receive():
        return messages.pop()

    async def send(message):
        sent.append(message)

    began = time.process_time_ns()
    await application(of, receive, send)
    took = time.process_time_ns() - began
    assert sent[0]["status"] == 200, sent
    return took


def starlette(is_guarded):
    async def invoke(request):
        payload = await request.json()
        return JSONResponse({"hello": caller(request).username if is_guarded else "alice", **payload})

    return guarded(Starlette(routes=[Route("/invocations", invoke, methods=["POST"])]), is_guarded)


def fastapi(is_guarded):
    app = FastAPI()

    @app.post("/invocations")
    async def invoke(request: Request):
        payload = await request.json()
        return {"hello": caller(request).username if is_guarded else "alice", **payload}

    return guarded(app, is_guarded)


def guarded(app, is_guarded):
    if is_guarded:
        door = Door(DOOR, AGENT, fetch=lambda _address, _timeout: document())
        door.warm()
        app.add_middleware(IdentityMiddleware, door=door)
    return app


def signature_check(count):
    public, signature = KEY.public_key(), KEY.sign(BODY, ec.ECDSA(SHA256()))
    times = []
    for _ in range(count):
        began = time.process_time_ns()
        public.verify(signature, BODY, ec.ECDSA(SHA256()))
        times.append(time.process_time_ns() - began)
    return times


async def measured(make, count):
    bare, behind = make(False), make(True)
    times = ([], [])
    for number in range(count + 100):
        of = scope(number)
        for application, found in ((bare, times[0]), (behind, times[1])):
            found.append(await once(application, {**of}))
    return [found[100:] for found in times]


def microseconds(times):
    return statistics.median(times) / 1000


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    check = microseconds(signature_check(count))
    print(f"Python {platform.python_version()}, {count} requests each; microseconds of processor time, median")
    print("| framework | bare | guarded | added | of it one ES256 check |\n|---|---|---|---|---|")
    for make in (starlette, fastapi):
        bare, behind = (microseconds(times) for times in asyncio.run(measured(make, count)))
        print(f"| {make.__name__} | {bare:.0f} | {behind:.0f} | {behind - bare:.0f} | {check:.0f} |")


main()
