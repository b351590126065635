"""Settings of the door, the work without one, and what errors and texts show."""

import logging
import pickle
import warnings

import pytest
from gatehouse_agent import (
    SESSION_HEADER,
    Caller,
    ConfigurationError,
    Door,
    GatehouseError,
    IdentityMiddleware,
    RejectedError,
    TooLargeError,
    UnverifiedWarning,
    _errors,
    caller,
)
from gatehouse_agent._address import Address
from signing import AGENT, Signer
from test_asgi import BODY, Application, Server, request, scope

GOOD = {"GATEHOUSE_DOOR": "https://door.example/live", "GATEHOUSE_AGENT": "demo"}


def test_the_environment_names_door_and_agent():
    assert repr(Door.from_env(GOOD)) == "Door('https://door.example/live', agent='demo')"
    assert Door.from_env({**GOOD, "GATEHOUSE_KEYS": "https://keys.internal/jwks"}).is_verifying
    # A variable that is set and empty is not set.
    assert Door.from_env({**GOOD, "GATEHOUSE_WITHOUT_DOOR": "", "GATEHOUSE_KEYS": ""}).is_verifying


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"GATEHOUSE_DOOR": ""}, ["GATEHOUSE_DOOR` is missing"]),
        ({"GATEHOUSE_AGENT": ""}, ["GATEHOUSE_AGENT` is missing"]),
        ({"GATEHOUSE_DOOR": "", "GATEHOUSE_AGENT": ""}, ["GATEHOUSE_DOOR` is missing", "GATEHOUSE_AGENT` is missing"]),
        (
            {"GATEHOUSE_DOOR": "http://door.example", "GATEHOUSE_AGENT": "Demo", "GATEHOUSE_KEYS": "ftp://x"},
            ["GATEHOUSE_DOOR` is neither", "GATEHOUSE_AGENT` is not a name", "GATEHOUSE_KEYS` is not an absolute"],
        ),
        ({"GATEHOUSE_DOOR": "https://door.example/"}, ["GATEHOUSE_DOOR` ends with a slash"]),
        ({"GATEHOUSE_WITHOUT_DOOR": "no-caller-is-verified"}, ["is set together with"]),
        ({"GATEHOUSE_WITHOUT_DOOR": "1"}, ["is not `no-caller-is-verified`", "is set together with"]),
    ],
)
def test_all_faults_are_named_at_once(changes, named):
    with pytest.raises(ConfigurationError) as error:
        Door.from_env({**GOOD, **changes})
    for text in named:
        assert text in str(error.value)


@pytest.mark.parametrize("value", ["1", "true", "yes", "no-caller-is-verified ", "NO-CALLER-IS-VERIFIED"])
def test_verification_is_not_turned_off_by_accident(value):
    with pytest.raises(ConfigurationError):
        Door.from_env({"GATEHOUSE_WITHOUT_DOOR": value})


@pytest.mark.parametrize(
    "agent", ["", "Demo", "-demo", "de mo", "demo\n", "d" * 64, "dé", "demo/", "de_mo", "*", "demo,other"]
)
def test_an_agent_has_a_plain_name(agent):
    with pytest.raises(ConfigurationError, match="`agent`"):
        Door("https://door.example", agent)


@pytest.mark.parametrize("path", ["", "ping", "/ping?x", "/ping#x", "*"])
def test_an_open_path_is_a_path(path):
    with pytest.raises(ConfigurationError, match="`open_paths`"):
        Door("https://door.example", AGENT, open_paths=["/health", path])


def test_one_text_is_no_list_of_open_paths():
    with pytest.raises(ConfigurationError, match="`open_paths`"):
        Door("https://door.example", AGENT, open_paths="/ping")


def test_a_bound_is_no_negative_number():
    with pytest.raises(ConfigurationError, match="`max_body`"):
        Door("https://door.example", AGENT, max_body=-1)


@pytest.mark.parametrize(
    "text",
    [
        "https://issuer.example",
        "https://issuer.example:8443/a/b",
        "http://127.0.0.1:1/x",
        "http://127.8.9.10",
        "http://LOCALHOST:1",
        "http://[::1]:1",
        "https://[2001:db8::1]",
    ],
)
def test_addresses_that_are_called(text):
    assert Address.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "issuer.example",
        "/path",
        "https://",
        "https:///path",
        "https://a b",
        "https://é.example",
        "https://a\\@b.example",
        "https://%6c.example",
        "https://[::1",
        "https://[v1.x]",
        "https://[a]",
        "https://[127.0.0.1]x",
        "https://a.example/#f",
        "https://a.example/?q",
        "https://a.example?q",
        "https://user@a.example",
        "https://user:pw@a.example",
        "http://localhost:1@evil.test",
        "http://127.0.0.1@evil.test",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:01",
        "https://a.example:65536",
        "https://a.example:99999",
        "http://a.example",
        "http://localhost.evil.test",
        "http://127.0.0.1.evil.test",
        "http://2130706433",
        "http://0x7f.1",
        "http://169.254.169.254/",
        "http://0.0.0.0/",
        "http://[::]",
        "file://localhost/etc/keys",
        "ftp://localhost/keys",
        "https://a.example\n",
        "https://a.example/\r\nx: y",
        "https://a.example/" + "x" * 2048,
    ],
)
def test_addresses_that_are_not_called(text):
    with pytest.raises(ValueError, match=r"^is "):
        Address.parse(text)


def test_without_a_door_it_is_loud(caplog):
    with caplog.at_level(logging.WARNING), pytest.warns(UnverifiedWarning, match="no caller is verified"):
        door = Door.from_env({"GATEHOUSE_WITHOUT_DOOR": "no-caller-is-verified"})
    assert "works without a door" in caplog.text
    assert not door.is_verifying
    assert repr(door) == "Door.without()"
    door.warm()
    caplog.clear()
    application = Application()
    middleware = IdentityMiddleware(application, door)
    of = scope()
    for _ in range(3):
        server = Server(request(BODY)).run(middleware, of)
        assert server.status == 200
        assert (b"x-gatehouse-warning", b"no caller is verified") in server.sent[0]["headers"]
    # Nothing that the request says of its caller is believed, a good assertion neither.
    assert application.caller == Caller(
        "unverified", "urn:gatehouse:unverified", session="", request_id="", verified=False
    )
    assert application.messages == [request(BODY)]
    assert caplog.text.count("whom no door has verified") == 1
    assert "verified=False" in repr(application.caller)


def test_each_process_says_that_there_is_no_door(caplog, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedWarning)
        door = Door.without()
    caplog.clear()
    for process in (101, 101, 102, 101, 102):
        monkeypatch.setattr("os.getpid", lambda process=process: process)
        door.verify("POST", "/", {}, b"")
    assert caplog.text.count("whom no door has verified") == 2


def test_without_a_door_bodies_are_bounded_and_websockets_refused_all_the_same():
    with pytest.warns(UnverifiedWarning):
        door = Door.without()

    class Endless(Server):
        async def receive(self):
            self.received += 1
            assert self.received < 100, "more is read than the bound"
            return request(b"x" * 1_000_000, True)

    assert Endless().run(IdentityMiddleware(Application(), door), scope()).status == 413
    socket = Server({"type": "websocket.connect"}).run(IdentityMiddleware(Application(), door), scope(type="websocket"))
    assert socket.sent == [{"type": "websocket.close", "code": 1008}]


def test_a_door_that_is_there_says_nothing_of_verification(caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        door = Door("https://door.example", AGENT, fetch=lambda *_: Signer().document)
    server = Server(request(BODY)).run(IdentityMiddleware(Application(), door), scope())
    assert b"x-gatehouse-warning" not in dict(server.sent[0]["headers"])


def test_a_caller_prints_no_name():
    someone = Caller(
        "alice", "https://i.example", "session-1", "r-1", "app", "alice", "a@example.com", "Alice", ("staff",)
    )
    for text in (repr(someone), str(someone), f"{someone}"):
        assert text == "Caller(request_id='r-1')"


def test_a_display_name_is_the_best_that_is_known():
    def of(**known):
        return Caller("sub", "iss", "s", "r", **known).display_name

    assert of(name="Alice", username="alice") == "Alice"
    assert of(username="alice") == "alice"
    assert of() == "sub"
    assert of(name="", username="") == "sub"


def test_a_caller_is_not_changed():
    someone = Caller("alice", "https://i.example", "s", "r")
    with pytest.raises(AttributeError):
        someone.subject = "mallory"


def test_errors_are_one_family_and_can_be_pickled():
    for name in _errors.PROOF_REASONS:
        error = _errors.ProofError(name)
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), copy.reason, str(copy)) == (type(error), name, str(error))
        assert isinstance(error, RejectedError)
        assert isinstance(error, GatehouseError)
    too_large = pickle.loads(pickle.dumps(TooLargeError()))
    assert (too_large.status, too_large.reason) == (413, "too_large")


def test_sentences_are_in_the_house_style():
    sentences = [*_errors.PROOF_REASONS.values(), *_errors._OTHER_REASONS.values()]
    for sentence in sentences:
        assert sentence[0].islower()
        assert not sentence.endswith(".")


@pytest.mark.parametrize("text", ["s?", "s\u017f", "s\ud800", "sé", "session-1\u2028"])
def test_a_header_that_no_server_can_have_decoded_matches_nothing(text):
    signer = Signer()
    door = Door("https://door.example", AGENT, fetch=lambda *_: signer.document)
    headers = signer.headers("https://door.example", BODY, session="s?")
    assert door.verify("POST", "/invocations", headers, BODY).session == "s?"
    again = {**signer.headers("https://door.example", BODY, session="s?"), SESSION_HEADER: text}
    if text == "s?":
        assert door.verify("POST", "/invocations", again, BODY).session == "s?"
    else:
        with pytest.raises(RejectedError) as error:
            door.verify("POST", "/invocations", again, BODY)
        assert error.value.reason == "proof_session"


def test_caller_outside_of_a_request_says_what_to_do():
    with pytest.raises(GatehouseError, match="IdentityMiddleware"):
        caller()
