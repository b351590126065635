"""The caller, as the door names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Caller:
    """Who asks, as the door says.

    What is `None` the door does not know, or did not have room to say: an absent list is not an empty one. Its `repr`
    names no person, so that a log line that prints it does not either.
    """

    #: The caller's stable name, unique within `subject_issuer`. Use both together.
    subject: str
    subject_issuer: str
    #: The runtime session.
    session: str
    #: The id of the request in the door's log.
    request_id: str
    client_id: str | None = None
    username: str | None = None
    email: str | None = None
    name: str | None = None
    groups: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None
    #: False only for the stand-in of an agent that was told to work without a door.
    verified: bool = True

    @property
    def display_name(self) -> str:
        """A name for people to read. Never decide anything by it: names are neither unique nor stable."""
        return self.name or self.username or self.subject

    def __repr__(self) -> str:
        return f"Caller(request_id={self.request_id!r}{'' if self.verified else ', verified=False'})"
