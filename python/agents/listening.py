"""Serves an application on a free port of 127.0.0.1, which it prints once it listens."""

import socket

import uvicorn


def serve(make_application):
    """`make_application` is told the address that it will have."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    application = make_application(f"http://127.0.0.1:{port}")
    print(f"listening on {port}", flush=True)
    uvicorn.Server(uvicorn.Config(application, log_level="warning")).run(sockets=[listener])
