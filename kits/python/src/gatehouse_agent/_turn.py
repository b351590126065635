"""The turn: what the middleware knows of the request that is being answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from ._caller import Caller
from ._errors import NoCallerError, NoToolTokenError
from ._verify import TOOL_TOKEN_HEADER

#: The member of an ASGI scope that holds the turn. No client can set one.
SCOPE_KEY: Final = "gatehouse_agent.turn"

# The characters of a bearer token (RFC 6750 section 2.1), and AgentCore's bound on a header.
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._~+/-]+=*")
_MAX_TOKEN: Final = 4096


@dataclass(frozen=True, repr=False)
class Turn:
    """The caller of a request, and the tool tokens that came with it. Its `repr` shows neither."""

    caller: Caller
    tool_tokens: tuple[bytes, ...]

    @classmethod
    def of(cls, caller: Caller, headers: list[tuple[bytes, bytes]]) -> Turn:
        wanted = TOOL_TOKEN_HEADER.lower().encode("ascii")
        return cls(caller, tuple(value for name, value in headers if name == wanted))


class Current:
    """The turn that a task or a thread works for, as long as it lasts.

    A task that outlives its request keeps its context: one that serves the later requests of a session would take their
    callers for the first one. So nothing is left in it once the request has been answered.
    """

    __slots__ = ("is_over", "turn")

    def __init__(self, turn: Turn | None) -> None:
        self.turn = turn
        self.is_over = False

    def end(self) -> None:
        self.turn, self.is_over = None, True


CURRENT: Final[ContextVar[Current | None]] = ContextVar("gatehouse_agent.turn", default=None)


def caller(context: Any = None) -> Caller:
    """The caller of the request that is being answered.

    `context` may be the context of a `BedrockAgentCoreApp` entry point, a request of Starlette or FastAPI, or an ASGI
    scope. Without it, it is the request that this task or thread works for, until that is answered. It waits for
    nothing, so sync and async code use it alike. Raises `NoCallerError`.
    """
    return _turn(context).caller


def tool_token(context: Any = None) -> str:
    """The tool token of the request: a bearer token for the AgentCore gateway, for this request's caller.

    Use it for this request only; do not store or log it. Raises `NoToolTokenError` or `NoCallerError`.
    """
    tokens = _turn(context).tool_tokens
    if not tokens:
        raise NoToolTokenError(
            "this request brought no tool token; set `toolToken` in the agent's entry of the door's `AGENTS`, and name "
            f"`{TOOL_TOKEN_HEADER}` in the runtime's request header allow-list"
        )
    if len(tokens) > 1 or len(tokens[0]) > _MAX_TOKEN or not _TOKEN.fullmatch(tokens[0]):
        raise NoToolTokenError(
            "this request's tool token is not one bearer token; check that nothing between door and agent adds the "
            "header"
        )
    return tokens[0].decode("ascii")


def _turn(context: Any) -> Turn:
    scope = _scope(context)
    current = CURRENT.get() if scope is None else None
    found = current.turn if current else (scope or {}).get(SCOPE_KEY)
    if isinstance(found, Turn):
        return found
    if current and current.is_over:
        raise NoCallerError(
            "the request of this task has been answered, so it works for no caller any more; take the caller and the "
            "tools before the answer ends, or give the request that is being answered"
        )
    raise NoCallerError(
        "no caller is known here: the middleware has not seen this request, or its path is open; add it with "
        "`app.add_middleware(IdentityMiddleware, door=Door.from_env())`"
    )


def _scope(context: Any) -> Mapping[str, Any] | None:
    """The ASGI scope behind a context, if it has one."""
    if isinstance(context, Mapping):
        return context
    # The context of an entry point holds the request, which holds the scope.
    request = getattr(context, "request", None) or context
    scope = getattr(request, "scope", None)
    return scope if isinstance(scope, Mapping) else None
