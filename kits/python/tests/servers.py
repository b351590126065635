"""Servers on loopback for tests: raw sockets that misbehave as they are told, and uvicorn in a thread."""

import contextlib
import socket
import threading

import uvicorn


class RawServer:
    """Answers each connection by a function of its socket, and counts them."""

    def __init__(self, answer):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self.count = 0
        self.requests = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self._one, args=[connection], daemon=True).start()

    def _one(self, connection):
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            self.requests.append(request)
            self._answer(connection, self._closing)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closing.set()
        # Closing alone does not wake a thread that accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def whole(body, status="200 OK", headers=""):
    """A whole answer."""

    def answer(connection, _closing):
        length = f"content-length: {len(body)}\r\n" if "content-length" not in headers else ""
        connection.sendall(f"HTTP/1.1 {status}\r\n{length}{headers}\r\n".encode() + body)

    return answer


@contextlib.contextmanager
def serving(application):
    """An ASGI application behind uvicorn, on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_level="error", lifespan="on", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    started = threading.Event()
    startup = server.startup

    async def announced(**arguments):
        await startup(**arguments)
        started.set()

    server.startup = announced
    thread.start()
    try:
        assert started.wait(20)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive()
