"""Errors: what happened, why, and what to do next. None of them holds a token or a name of a person."""

from __future__ import annotations

from typing import Final

# Refusals of an assertion: reason code and sentence, as in the layer for Rust.
PROOF_REASONS: Final[dict[str, str]] = {
    "proof_missing": "there is no assertion; the request did not come through the door, or the runtime's request "
    "header allow-list does not name the header",
    "proof_repeated": "there are two assertions",
    "proof_form": "the assertion is not a compact JWS of the door's form",
    "proof_type": "the assertion is a token of another type or algorithm",
    "proof_signature": "the assertion is not signed with a key of the door's",
    "proof_claims": "the assertion's claims are not of the door's form",
    "proof_issuer": "the assertion is another door's; compare `GATEHOUSE_DOOR` with the door's `PUBLIC_URL`",
    "proof_audience": "the assertion is for another agent; compare `GATEHOUSE_AGENT` with the door's `AGENTS`",
    "proof_early": "the assertion is from the future; compare the clocks of door and agent",
    "proof_expired": "the assertion has expired",
    "proof_lifetime": "the assertion holds for longer than the door's do",
    "proof_method": "the assertion is for another method",
    "proof_path": "the assertion is for another path, or there is a query",
    "proof_session": "the assertion is for another session, or there are two",
    "proof_body": "the assertion is for another body",
    "proof_replayed": "the assertion was shown before",
}

_OTHER_REASONS: Final[dict[str, str]] = {
    "keys_unavailable": "the door's keys are unavailable; the log says why they could not be fetched",
    "crowded": "too many assertions are remembered",
    "too_large": "the body is longer than is read, or was cut",
    "websocket": "a WebSocket carries no assertion for its messages; use the agent's HTTP paths",
}


class GatehouseError(Exception):
    """The base of all errors of this package."""


class ConfigurationError(GatehouseError):
    """The settings are wrong: all faults at once."""


class NoCallerError(GatehouseError):
    """No caller is known here: the middleware has not seen this request."""


class NoToolTokenError(GatehouseError):
    """This request brought no tool token."""


class RejectedError(GatehouseError):
    """A request is not let in.

    `status` and `code` are for the answer, `reason` is for the log alone.
    """

    status: int = 403
    code: str = "bad_proof"
    title: str = "The door does not vouch for this request"

    def __init__(self, reason: str) -> None:
        self.reason: Final = reason
        super().__init__(PROOF_REASONS.get(reason) or _OTHER_REASONS[reason])

    def __reduce__(self) -> tuple[type[RejectedError], tuple[str]]:
        return type(self), (self.reason,)


class ProofError(RejectedError):
    """The assertion does not hold: 403."""


class UnavailableError(RejectedError):
    """It cannot be decided at the moment whether the assertion holds: 503. The caller may try again."""

    status = 503
    code = "unavailable"
    title = "It cannot be told at the moment whether the door vouches for this request"


class TooLargeError(RejectedError):
    """The body is longer than is read: 413."""

    status = 413
    code = "too_large"
    title = "The body is too large"

    def __init__(self, reason: str = "too_large") -> None:
        super().__init__(reason)
