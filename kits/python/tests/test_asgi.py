"""The middleware where the vectors cannot look: streams, disconnects, other scopes, what the application is shown."""

import asyncio
import json
import time

import pytest
from gatehouse_agent import (
    TOOL_TOKEN_HEADER,
    Caller,
    Door,
    IdentityMiddleware,
    NoCallerError,
    _replay,
    caller,
    tool_token,
)
from gatehouse_agent._clock import Moment
from gatehouse_agent._errors import ProofError, UnavailableError
from gatehouse_agent._turn import CURRENT, SCOPE_KEY
from signing import AGENT, Signer
from vectors import Reasons, by_middleware

DOOR = "https://door.example"
SIGNER = Signer()
BODY = b'{"prompt":"hello"}'


def door(**settings):
    return Door(DOOR, AGENT, fetch=lambda _address, _timeout: SIGNER.document, **settings)


CLAIMS = {"exp", "iat"}


def scope(body=BODY, method="POST", path="/invocations", **changes):
    claims = {name: changes.pop(name) for name in CLAIMS & changes.keys()}
    headers = SIGNER.headers(DOOR, body, method=method, path=path, **claims)
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        **changes,
    }


def request(body, more_body=False):
    return {"type": "http.request", "body": body, "more_body": more_body}


class Server:
    """The server's side of one request: messages to be received, and what was sent."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.received = 0
        self.sent = []

    async def receive(self):
        self.received += 1
        if not self.messages:
            raise AssertionError("more is read than was sent")
        return self.messages.pop(0)

    async def send(self, message):
        self.sent.append(message)

    def run(self, application, of):
        asyncio.run(application(of, self.receive, self.send))
        return self

    @property
    def status(self):
        return self.sent[0]["status"] if self.sent else None


class Application:
    """Reads its body, and remembers what it was shown."""

    def __init__(self):
        self.calls = 0
        self.messages = []
        self.scope = None
        self.caller = None

    async def __call__(self, of, receive, send):
        self.calls += 1
        self.scope = of
        current = CURRENT.get()
        self.caller = current.turn.caller if current and current.turn else None
        if of["type"] != "http":
            return
        self.messages = [await receive()]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def test_a_stream_is_read_whole_and_given_on_in_one_piece():
    application = Application()
    pieces = [request(bytes([byte]), True) for byte in BODY] + [request(b"", True), request(b"")]
    server = Server(*pieces).run(IdentityMiddleware(application, door()), scope())
    assert server.status == 200
    assert application.messages == [request(BODY)]
    assert application.caller.subject == "alice"
    assert CURRENT.get() is None


@pytest.mark.parametrize(("seconds", "expected"), [(0, 200), (89, 200), (90, 403), (3600, 403)])
def test_a_body_that_is_kept_back_does_not_outlive_its_assertion(seconds, expected, caplog):
    # It is valid when the request begins. By the time its body is there, it may have been forgotten, and shown again.
    start = time.time()
    now = [start]

    class Slow(Server):
        async def receive(self):
            now[0] = start + seconds
            return await super().receive()

    guarded = IdentityMiddleware(Application(), door(clock=lambda: Moment(now[0], now[0])))
    of = scope(exp=int(start) + 60, iat=int(start))
    assert Slow(request(BODY)).run(guarded, of).status == expected
    now[0] = start
    assert Server(request(BODY)).run(guarded, of).status == (403 if expected == 200 else 200)
    reasons = [record.reason for record in caplog.records if hasattr(record, "reason")]
    assert reasons == ["proof_replayed"]


def test_a_task_that_outlives_its_request_works_for_no_caller():
    # A server with sessions serves later requests in a task of the first one, whose context it keeps.
    questions, answers = asyncio.Queue(), asyncio.Queue()

    async def session():
        while True:
            await questions.get()
            try:
                await answers.put((caller().username, tool_token()))
            except NoCallerError as error:
                await answers.put(str(error))

    async def application(of, receive, send):
        if not sessions:
            sessions.append(asyncio.create_task(session()))
        await questions.put("who?")
        said.append(await answers.get())
        if isinstance(said[-1], str):
            said.append(caller(of).username)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sessions, said = [], []

    async def turns():
        guarded = IdentityMiddleware(application, door())
        for user in ("alice", "bob"):
            headers = {**SIGNER.headers(DOOR, BODY, username=user), TOOL_TOKEN_HEADER: f"{user}.token"}
            of = scope(headers=[(name.lower().encode(), value.encode()) for name, value in headers.items()])
            server = Server(request(BODY))
            await guarded(of, server.receive, server.send)
        sessions[0].cancel()

    asyncio.run(turns())
    first, second, explicit = said
    assert first == ("alice", "alice.token")
    assert second.startswith("the request of this task has been answered")
    assert explicit == "bob"


def test_a_stream_without_end_is_read_up_to_the_bound():
    application = Application()

    class Endless(Server):
        async def receive(self):
            self.received += 1
            assert self.received < 100, "more is read than the bound"
            return request(b"x" * 100, True)

    server = Endless().run(IdentityMiddleware(application, door(max_body=1000)), scope())
    assert (server.status, application.calls, server.received) == (413, 0, 11)


def test_a_strangers_body_is_not_read():
    application = Application()
    of = scope()
    of["headers"] = [pair for pair in of["headers"] if b"identity" not in pair[0]]
    server = Server().run(IdentityMiddleware(application, door()), of)
    assert (server.status, application.calls, server.received) == (403, 0, 0)


def test_a_body_on_an_open_path_is_not_read_either():
    application = Application()
    of = scope(method="GET", path="/ping")
    server = Server().run(IdentityMiddleware(application, door()), of)
    assert (server.status, server.received) == (200, 0)
    assert application.messages == [request(b"")]
    assert application.caller is None


def test_a_client_that_goes_away_is_not_answered_and_uses_nothing_up():
    application = Application()
    middleware = IdentityMiddleware(application, door())
    of = scope()
    server = Server(request(BODY[:3], True), {"type": "http.disconnect"}).run(middleware, of)
    assert (server.sent, application.calls) == ([], 0)
    assert Server(request(BODY)).run(middleware, of).status == 200


def test_the_application_learns_that_its_client_went_away():
    heard = []

    async def application(_scope, receive, _send):
        heard.extend([await receive(), await receive()])

    # What is left of a body that was cut at its declared end is none of the application's.
    late = [request(b"late", True), {"type": "http.disconnect"}]
    Server(request(BODY), *late).run(IdentityMiddleware(application, door()), scope())
    assert heard == [request(BODY), {"type": "http.disconnect"}]


@pytest.mark.parametrize("has_extension", [False, True])
def test_a_websocket_is_refused_before_it_is_accepted(has_extension):
    application = Application()
    of = scope(type="websocket", extensions={"websocket.http.response": {}} if has_extension else {})
    with Reasons() as reasons:
        server = Server({"type": "websocket.connect"}).run(IdentityMiddleware(application, door()), of)
    assert application.calls == 0
    assert reasons.found == ["websocket"]
    if has_extension:
        assert [message["type"] for message in server.sent] == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert server.status == 403
        assert json.loads(server.sent[1]["body"])["code"] == "bad_proof"
    else:
        assert server.sent == [{"type": "websocket.close", "code": 1008}]


def test_lifespan_passes():
    application = Application()
    Server().run(IdentityMiddleware(application, door()), {"type": "lifespan"})
    assert application.calls == 1


@pytest.mark.parametrize("kind", ["webtransport", "http.push", "", "HTTP"])
def test_a_scope_that_is_not_known_does_not_pass(kind):
    application = Application()
    with pytest.raises(NotImplementedError):
        Server().run(IdentityMiddleware(application, door()), scope(type=kind))
    assert application.calls == 0


def test_header_names_have_no_case_whatever_the_server_does():
    of = scope()
    of["headers"] = [(name.upper(), value) for name, value in of["headers"]]
    assert Server(request(BODY)).run(IdentityMiddleware(Application(), door()), of).status == 200
    of = scope()
    identity = next(pair for pair in of["headers"] if b"identity" in pair[0])
    of["headers"].append((identity[0].upper(), identity[1]))
    assert Server().run(IdentityMiddleware(Application(), door()), of).status == 403


@pytest.mark.parametrize("raw", [{"raw_path": None}, {}])
def test_without_the_raw_path_the_decoded_one_counts(raw):
    middleware = IdentityMiddleware(Application(), door())

    def ask(**changes):
        of = scope(**changes)
        del of["raw_path"]
        return Server(request(BODY)).run(middleware, {**of, **raw}).status

    assert ask() == 200
    assert ask(query_string=b"a=1") == 403
    of = scope()
    of.pop("raw_path")
    assert Server(request(BODY)).run(middleware, {**of, **raw, "path": "/mcp"}).status == 403


@pytest.mark.parametrize("raw_path", [b"/invocations?a=1", b"/invocations?", b"/%69nvocations", b"/mcp", b"", b"/\xff"])
def test_the_raw_path_counts_where_it_is_shown(raw_path):
    server = Server().run(IdentityMiddleware(Application(), door()), scope(raw_path=raw_path))
    assert server.status == 403


def test_whatever_was_in_the_scope_before_is_no_caller():
    forged = Caller("mallory", "https://evil.example", "s", "r")
    for path, expected in (("/ping", None), ("/invocations", "alice")):
        application = Application()
        method = "GET" if path == "/ping" else "POST"
        of = scope(method=method, path=path, **{SCOPE_KEY: forged})
        Server(request(BODY)).run(IdentityMiddleware(application, door()), of)
        turn = application.scope[SCOPE_KEY]
        assert (turn.caller.subject if turn else None) == expected
        assert of[SCOPE_KEY] is forged, "the server's own scope is not changed"


def test_an_open_path_hides_the_caller_of_an_outer_request():
    application = Application()
    outer = IdentityMiddleware(application, door())

    async def nested(of, receive, send):
        assert caller().subject == "alice"
        inner = scope(method="GET", path="/ping")
        await outer(inner, receive, send)
        assert caller().subject == "alice"

    Server(request(BODY)).run(IdentityMiddleware(nested, door()), scope())
    assert application.caller is None


def test_the_caller_is_gone_after_an_error_of_the_application():
    async def broken(_scope, _receive, _send):
        raise ValueError("the application's own")

    async def run():
        with pytest.raises(ValueError, match="own"):
            await IdentityMiddleware(broken, door())(scope(), Server(request(BODY)).receive, None)
        assert CURRENT.get() is None

    asyncio.run(run())


def test_requests_at_once_do_not_see_each_others_callers():
    async def run():
        middleware = IdentityMiddleware(application, door())
        asked = []
        for number in range(50):
            headers = SIGNER.headers(DOOR, BODY, sub=f"user-{number}")
            pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            server = Server(request(BODY))
            asked.append((server, middleware(scope(headers=pairs), server.receive, server.send)))
        await asyncio.gather(*(run for _, run in asked))
        return [server.sent[1]["body"].decode() for server, _ in asked]

    async def application(of, _receive, send):
        await asyncio.sleep(0)
        assert caller() is caller(of)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": caller().subject.encode()})

    assert asyncio.run(run()) == [f"user-{number}" for number in range(50)]


def test_one_of_many_that_are_the_same_is_let_in():
    async def run():
        middleware = IdentityMiddleware(Application(), door())
        of = scope()
        servers = [Server(request(BODY)) for _ in range(50)]
        await asyncio.gather(*(middleware(of, server.receive, server.send) for server in servers))
        return sorted(server.status for server in servers)

    assert asyncio.run(run()) == [200] + [403] * 49


def test_a_memory_that_is_full_is_an_outage_until_assertions_expire(monkeypatch):
    monkeypatch.setattr(_replay, "MAX_SEEN", 3)
    seen = _replay.Seen()
    for number in range(3):
        seen.once(str(number), 200, 100)
    with pytest.raises(ProofError):
        seen.once("1", 200, 100)
    with pytest.raises(UnavailableError) as error:
        seen.once("new", 200, 199)
    assert error.value.reason == "crowded"
    seen.once("new", 300, 200)
    with pytest.raises(ProofError):
        seen.once("new", 300, 200)
    middleware = IdentityMiddleware(Application(), door())
    for _ in range(3):
        assert Server(request(BODY)).run(middleware, scope()).status == 200
    full = Server(request(BODY)).run(middleware, scope())
    assert full.status == 503
    assert (b"retry-after", b"10") in full.sent[0]["headers"]


def test_no_caller_is_known_without_the_middleware():
    for context in (None, {}, {"type": "http"}, object(), "context", scope()):
        with pytest.raises(NoCallerError, match="add_middleware"):
            caller(context)


def test_nothing_of_the_request_is_answered_or_logged(caplog):
    secret = "s3cr3t-of-a-stranger"
    headers = [(b"x-amzn-bedrock-agentcore-runtime-custom-identity", secret.encode())]
    of = scope(path=f"/{secret}", headers=headers, query_string=secret.encode())
    server = Server().run(IdentityMiddleware(Application(), door()), of)
    assert secret not in repr(server.sent)
    assert secret not in caplog.text
    assert "proof_form" in caplog.text


def test_the_helper_of_the_vectors_sees_a_wrong_answer():
    """The transport of the vectors fails where the middleware is not there."""
    plain = Door.without
    with pytest.warns(UserWarning, match="works without a door"):
        unguarded = plain()
    step = {"method": "POST", "target": "/invocations", "headers": [], "body": {"base64": ""}}
    with pytest.raises(AssertionError):
        by_middleware(unguarded, step)
