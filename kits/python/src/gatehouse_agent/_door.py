"""The door, as an agent knows it: whose word counts, for whom, and what needs none."""

from __future__ import annotations

import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ._address import Address
from ._cache import FETCH_TIMEOUT, KeyCache
from ._caller import Caller
from ._clock import Clock, system_clock
from ._errors import ConfigurationError, TooLargeError
from ._fetch import fetch as fetch_document
from ._keys import KeySet
from ._replay import Seen
from ._verify import Claims, Headers, Proof, the_headers, the_one

#: Where AgentCore asks a container how it is ("HTTP protocol contract").
HEALTH: Final = "/ping"
#: Where AgentCore asks an A2A agent for its card ("A2A protocol contract"): what it says is the same for every caller.
CARD: Final = "/.well-known/agent-card.json"
#: The longest body that is read, unless another bound is set: what the door takes of a caller, in bytes.
MAX_BODY: Final = 6 * 1024 * 1024

DOOR_VARIABLE: Final = "GATEHOUSE_DOOR"
AGENT_VARIABLE: Final = "GATEHOUSE_AGENT"
KEYS_VARIABLE: Final = "GATEHOUSE_KEYS"
WITHOUT_VARIABLE: Final = "GATEHOUSE_WITHOUT_DOOR"
#: The one value that turns verification off: long enough to say what it means.
WITHOUT_VALUE: Final = "no-caller-is-verified"

_AGENT: Final = re.compile("[a-z0-9][a-z0-9-]{0,62}")
_LOG: Final = logging.getLogger("gatehouse_agent")

Fetch = Callable[[Address, float], bytes]


class UnverifiedWarning(UserWarning):
    """An agent was told to work without a door."""


class Door:
    """The door in front of an agent. It verifies requests, and lets each assertion count once.

    `url` is the door's address as in its `PUBLIC_URL`, `agent` the name of this agent in its `AGENTS`. `open_paths` may
    be asked for with `GET` and without a query by anyone. `keys_url` says where the door's keys are, if the agent
    cannot reach them at the door's own address; the server there decides who every caller is.

    `clock` and `fetch` replace the system's clocks and the HTTP client. One `Door` serves threads and event loops
    alike; nothing is fetched before the first request, or `warm`.
    """

    def __init__(
        self,
        url: str,
        agent: str,
        *,
        open_paths: Iterable[str] = (HEALTH, CARD),
        max_body: int = MAX_BODY,
        keys_url: str | None = None,
        clock: Clock = system_clock,
        fetch: Fetch = fetch_document,
    ) -> None:
        faults = [*_door_faults("url", url), *_agent_faults("agent", agent)]
        faults += _keys_faults("keys_url", keys_url)
        # A text is a collection of texts to Python, and each of its letters would be a path.
        paths = [""] if isinstance(open_paths, str) else list(open_paths)
        if not all(path.startswith("/") and not {"?", "#"} & set(path) for path in paths):
            faults.append('`open_paths` is not a list of paths without a query; give it as in `["/ping"]`')
        if max_body < 0:
            faults.append("`max_body` is a negative number; set it to the longest body that is read, in bytes")
        _raise(faults)
        self._url, self._agent = url, agent
        self._open = frozenset(paths)
        self._max_body = max_body
        self._clock = clock
        self._seen = Seen()
        keys = Address.parse(keys_url or f"{url}/.well-known/jwks.json")
        self._keys = KeyCache(lambda timeout: fetch(keys, timeout), clock)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Door:
        """The door of `GATEHOUSE_DOOR`, `GATEHOUSE_AGENT` and, if it is set, `GATEHOUSE_KEYS`.

        With `GATEHOUSE_WITHOUT_DOOR=no-caller-is-verified` and none of those: no door. Raises `ConfigurationError`,
        which names all faults at once.
        """
        url, agent, keys = (environ.get(name) or None for name in (DOOR_VARIABLE, AGENT_VARIABLE, KEYS_VARIABLE))
        without = environ.get(WITHOUT_VARIABLE) or None
        if without is None:
            faults = [*_door_faults(DOOR_VARIABLE, url), *_agent_faults(AGENT_VARIABLE, agent)]
            faults += _keys_faults(KEYS_VARIABLE, keys)
            _raise(faults)
            return cls(url or "", agent or "", keys_url=keys)
        faults = []
        if without != WITHOUT_VALUE:
            faults.append(
                f"`{WITHOUT_VARIABLE}` is not `{WITHOUT_VALUE}`, the only value that it may have; remove it to "
                "verify callers"
            )
        if url or agent or keys:
            faults.append(
                f"`{WITHOUT_VARIABLE}` is set together with `{DOOR_VARIABLE}`, `{AGENT_VARIABLE}` or "
                f"`{KEYS_VARIABLE}`; remove it to verify callers, or the others to verify none"
            )
        _raise(faults)
        return cls.without()

    @staticmethod
    def without() -> Door:
        """No door: every request is let in, and no caller is verified. For a developer's machine.

        It warns when it is made, and logs a warning at the first request of every process.
        """
        return _NoDoor()

    @property
    def is_verifying(self) -> bool:
        """False if the guard works without a door."""
        return True

    @property
    def max_body(self) -> int:
        """The longest body that is read, in bytes."""
        return self._max_body

    def warm(self, budget: float = FETCH_TIMEOUT) -> None:
        """Fetches the door's keys before the first request, for at most `budget` seconds.

        It blocks, and does not raise.
        """
        self._keys.warm(budget)

    def is_open(self, method: str, target: str) -> bool:
        """True if a request needs no assertion. `target` is path and query, undecoded."""
        return method == "GET" and target in self._open

    def verify(self, method: str, target: str, headers: Headers, body: bytes) -> Caller:
        """The caller of a request; each assertion counts once. Raises `ProofError`, `UnavailableError`,
        `TooLargeError`.

        `target` is path and query as on the request line, undecoded; `body` the bytes as they arrived. Give `headers`
        as pairs, if the framework has them: a mapping may hide a header that was given twice. Open paths are the
        caller's business: ask `is_open` first.
        """
        found = the_headers(headers)
        proof = self.proof(found)
        claims = self.claims(proof, self._keys.get(proof.key_id), method, target, found)
        return self.admit(claims, body)

    async def averify(self, method: str, target: str, headers: Headers, body: bytes) -> Caller:
        """The same, without stopping the event loop."""
        found = the_headers(headers)
        proof = self.proof(found)
        claims = self.claims(proof, await self.akeys(proof), method, target, found)
        return self.admit(claims, body)

    # The stages of `averify`, for the middleware, which reads the body only of a request that is proven otherwise.

    def proof(self, headers: list[tuple[bytes, bytes]]) -> Proof:
        """The one assertion, unproven."""
        return Proof.parse(the_one(headers))

    async def akeys(self, proof: Proof) -> KeySet:
        """The keys for an assertion."""
        return await self._keys.aget(proof.key_id)

    def claims(
        self, proof: Proof, keys: KeySet, method: str, target: str, headers: list[tuple[bytes, bytes]]
    ) -> Claims:
        """Claims of the door about this request; only the body is not compared yet."""
        claims = proof.verify(keys)
        claims.check(self._url, self._agent, method, target, headers, int(self._clock().wall))
        return claims

    def admit(self, claims: Claims, body: bytes) -> Caller:
        """The caller, once."""
        if len(body) > self._max_body:
            raise TooLargeError
        claims.check_body(body)
        # Last, so that a request that is refused anyway cannot use up another's assertion.
        self._seen.once(claims.caller.request_id, claims.forgotten_at, int(self._clock().wall))
        return claims.caller

    def __repr__(self) -> str:
        return f"Door({self._url!r}, agent={self._agent!r})"


class _NoDoor(Door):
    """The stand-in for a door that is not there."""

    def __init__(self) -> None:
        self._max_body = MAX_BODY
        self._warned: set[int] = set()
        self._lock = threading.Lock()
        message = "this agent works without a door: no caller is verified, and anyone who reaches it is let in"
        warnings.warn(message, UnverifiedWarning, stacklevel=3)
        _LOG.warning(message)

    @property
    def is_verifying(self) -> bool:
        return False

    def warm(self, budget: float = FETCH_TIMEOUT) -> None:
        """Nothing is fetched."""

    def is_open(self, method: str, target: str) -> bool:
        return False

    def verify(self, method: str, target: str, headers: Headers, body: bytes) -> Caller:
        process = os.getpid()
        with self._lock:
            is_first, self._warned = process not in self._warned, self._warned | {process}
        if is_first:
            _LOG.warning("process %d lets in a caller whom no door has verified, and all that follow", process)
        # Nothing that the request says of its caller is repeated, however it looks.
        return Caller("unverified", "urn:gatehouse:unverified", session="", request_id="", verified=False)

    async def averify(self, method: str, target: str, headers: Headers, body: bytes) -> Caller:
        return self.verify(method, target, headers, body)

    def __repr__(self) -> str:
        return "Door.without()"


def _door_faults(name: str, url: str | None) -> list[str]:
    if url is None:
        return [f"`{name}` is missing; set it to the door's address, its `PUBLIC_URL`"]
    try:
        Address.parse(url)
    except ValueError as error:
        return [f"`{name}` {error}; set it to the door's address, its `PUBLIC_URL`"]
    # The door writes its address without one into every assertion, so none would ever be for this door.
    return [f"`{name}` ends with a slash; remove it"] if url.endswith("/") else []


def _agent_faults(name: str, agent: str | None) -> list[str]:
    if agent is None:
        return [f"`{name}` is missing; set it to the name of this agent in the door's `AGENTS`"]
    if not _AGENT.fullmatch(agent):
        return [f"`{name}` is not a name of small letters, digits and hyphens; set it to that in the door's `AGENTS`"]
    return []


def _keys_faults(name: str, keys: str | None) -> list[str]:
    try:
        Address.parse(keys or "https://localhost")
    except ValueError as error:
        return [f"`{name}` {error}; set it to where the door's `/.well-known/jwks.json` is reached, or remove it"]
    return []


def _raise(faults: list[str]) -> None:
    if faults:
        raise ConfigurationError("the settings of the door are wrong: " + "; ".join(faults))
