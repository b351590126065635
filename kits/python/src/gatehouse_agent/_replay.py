"""Replay protection: each assertion is valid for one request.

The memory is the process's own. AgentCore gives each session a container of its own, and an assertion names its
session, so another container refuses it. Several worker processes in one container each accept an assertion once: run
one. A process that was started again remembers nothing of the one before it.
"""

from __future__ import annotations

import threading
from typing import Final

from ._errors import ProofError, UnavailableError

#: Limit of remembered assertions: a thousand requests a second, for as long as one can be shown.
MAX_SEEN: Final = 120_000


class Seen:
    """Ids of assertions, and when each may be forgotten."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}
        self._lock = threading.Lock()

    def once(self, request_id: str, until: int, now: int) -> None:
        """Remembers an assertion. Raises `ProofError` if it was seen before, `UnavailableError` if there is no room."""
        # What may have been forgotten counts as seen: a request that began in time, and kept its body back until then,
        # could be the second one.
        if until <= now:
            raise ProofError("proof_replayed")
        with self._lock:
            if request_id in self._until:
                raise ProofError("proof_replayed")
            if len(self._until) >= MAX_SEEN:
                self._until = {seen: then for seen, then in self._until.items() if then > now}
            if len(self._until) >= MAX_SEEN:
                raise UnavailableError("crowded")
            self._until[request_id] = until
