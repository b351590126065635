"""The cache of a door's keys: fetched by one request at a time, renewed before they are too old, and asked for less and
less while that fails.

What a request may have to wait for:

- nothing, while keys are held that are younger than their soft age and have the one it names;
- at most `RENEWAL_TIMEOUT`, once in a while, when they are older: the held keys serve if the renewal fails;
- a whole fetch, at most `FETCH_TIMEOUT`, when none are held that are younger than the hard age, or when those lack the
  key it names.

A fetch runs in a thread of its own, so one cache serves threads and any number of event loops.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ._clock import Clock, Moment
from ._errors import UnavailableError
from ._fetch import FetchError
from ._keys import KeyDocumentError, KeySet

#: Older keys are renewed: as long as the door says that they may be kept, so that a new key is there before it signs.
SOFT_AGE: Final = 5 * 60
#: Older keys are not used: a key that the door withdrew is believed no longer than this.
HARD_AGE: Final = 2 * 60 * 60
#: The time after which one more unknown key id may lead to a fetch. The door publishes a key a quarter of an hour
#: before it signs, so a search that has to wait keeps no caller out.
SEARCH_REFILL: Final = 10
#: The rest after a first failure; each further one in a row doubles it, up to the longest.
MIN_BACK_OFF: Final = 1
MAX_BACK_OFF: Final = 32
#: The time of one fetch, from the look-up of the name to the last byte.
FETCH_TIMEOUT: Final = 3.0
#: The time that a request waits for newer keys while some are held that serve.
RENEWAL_TIMEOUT: Final = 0.5

_LOG: Final = logging.getLogger("gatehouse_agent")


class _BackOff:
    """Failures in a row, and the last of them: a door that is down is not asked by every request."""

    def __init__(self) -> None:
        self._count = 0
        self._last: Moment | None = None

    def rests(self, now: Moment) -> bool:
        """True while it is too early for another attempt."""
        if self._last is None:
            return False
        # The exponent is bounded, as the count is not.
        rest: int = min(MIN_BACK_OFF << min(self._count - 1, 16), MAX_BACK_OFF)
        return now.since(self._last) < rest

    @property
    def has_failed(self) -> bool:
        """True if the last attempt failed, however long ago."""
        return self._last is not None

    def fails(self, now: Moment) -> None:
        self._count += 1
        self._last = now

    def restart(self, now: Moment) -> None:
        """Counts the rest from now: what was noted as a failure when it began has failed only by now."""
        if self._last is not None:
            self._last = now

    def succeeds(self) -> None:
        self._count, self._last = 0, None


class _Bucket:
    """A token bucket of one: made-up key ids do not hammer the door."""

    def __init__(self) -> None:
        self._drawn: Moment | None = None

    def draw(self, now: Moment) -> bool:
        if self._drawn is not None and now.since(self._drawn) < SEARCH_REFILL:
            return False
        self._drawn = now
        return True


class _Flight:
    """One fetch on its way."""

    def __init__(self, since: Moment, timeout: float, counts: bool) -> None:
        self.since = since
        self.timeout = timeout
        #: True if a failure counts for the rest.
        self.counts = counts
        self.deadline = time.monotonic() + timeout
        self.landed: concurrent.futures.Future[KeySet | None] = concurrent.futures.Future()
        # From now on no waiting task can cancel it for the others.
        self.landed.set_running_or_notify_cancel()

    @property
    def left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True)
class _Plan:
    """Next step of a request: it uses these keys, or waits for a flight."""

    keys: KeySet | None
    flight: _Flight | None = None
    #: True if the flight is this request's own, so that what it brings has to do.
    is_own: bool = False


class KeyCache:
    """The keys of one door, for threads and event loops alike."""

    def __init__(self, fetch: Callable[[float], bytes], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[KeySet, Moment] | None = None
        self._flight: _Flight | None = None
        self._back_off = _BackOff()
        self._searches = _Bucket()

    def get(self, key_id: str) -> KeySet:
        """The keys for an assertion, or `UnavailableError`. If they lack its key, the door was asked often enough."""
        while True:
            plan = self._plan(key_id)
            if plan.flight is None:
                return _usable(plan.keys)
            try:
                fetched = plan.flight.landed.result(plan.flight.left)
            except concurrent.futures.TimeoutError:
                fetched = self._give_up(plan.flight)
            if plan.is_own:
                return _usable(fetched or self._serving())

    async def aget(self, key_id: str) -> KeySet:
        """The same, without stopping the event loop."""
        while True:
            plan = self._plan(key_id)
            if plan.flight is None:
                return _usable(plan.keys)
            landed = asyncio.shield(asyncio.wrap_future(plan.flight.landed))
            try:
                fetched = await asyncio.wait_for(landed, plan.flight.left)
            except asyncio.TimeoutError:
                fetched = self._give_up(plan.flight)
            if plan.is_own:
                return _usable(fetched or self._serving())

    def warm(self, budget: float) -> None:
        """Fetches the keys before the first request, for at most `budget` seconds. A failure does not count: the first
        request tries again."""
        with self._lock:
            now = self._clock()
            if self._held_at(now)[0] is not None or self._flight is not None:
                return
            flight = self._start(now, min(budget, FETCH_TIMEOUT), counts=False)
        try:
            flight.landed.result(flight.left)
        except concurrent.futures.TimeoutError:
            self._give_up(flight)

    def _plan(self, key_id: str) -> _Plan:
        with self._lock:
            now = self._clock()
            held, is_old = self._held_at(now)
            suits = held is not None and key_id in held
            if suits and not is_old:
                return _Plan(held)
            if self._flight is not None:
                # Old keys serve while another request renews them.
                return _Plan(held) if suits else _Plan(None, self._flight)
            is_search = held is not None and not suits and not is_old
            # After a failure the rest alone bounds the attempts: the bucket is left to searches that may help.
            if is_search and not self._back_off.has_failed and not self._searches.draw(now):
                return _Plan(held)
            if self._back_off.rests(now):
                return _Plan(held)
            # It counts from the beginning: a caller who goes away in the middle leaves no way to fetch without end.
            self._back_off.fails(now)
            flight = self._start(now, RENEWAL_TIMEOUT if suits else FETCH_TIMEOUT, counts=True)
            return _Plan(None, flight, is_own=True)

    def _serving(self) -> KeySet | None:
        with self._lock:
            return self._held_at(self._clock())[0]

    def _held_at(self, now: Moment) -> tuple[KeySet | None, bool]:
        """The keys, if they serve, and whether it is time to renew them."""
        if self._held is None:
            return None, False
        keys, since = self._held
        age = now.since(since)
        return (keys, age >= SOFT_AGE) if age < HARD_AGE else (None, False)

    def _start(self, now: Moment, timeout: float, *, counts: bool) -> _Flight:
        flight = self._flight = _Flight(now, timeout, counts)
        # No pool: its threads would have to be ended, and one that hangs in a look-up of a name would block it.
        thread = threading.Thread(target=self._fly, args=[flight], name="gatehouse-keys", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._land(flight, None)
        return flight

    def _fly(self, flight: _Flight) -> None:
        keys = None
        try:
            keys = KeySet.parse(self._fetch(flight.timeout))
        except (FetchError, KeyDocumentError) as error:
            _LOG.warning("cannot fetch the door's keys: %s", error)
        # A fetch that was brought along may raise anything, and a request must not wait for ever.
        except Exception as error:
            _LOG.warning("cannot fetch the door's keys (%s)", type(error).__name__)
        with self._lock:
            self._land(flight, keys)

    def _give_up(self, flight: _Flight) -> KeySet | None:
        """What the flight brought after all, or nothing: then it is over, and what it may bring is not used."""
        with self._lock:
            if not flight.landed.done():
                _LOG.warning("cannot fetch the door's keys: it took too long")
                self._land(flight, None)
        return flight.landed.result()

    def _land(self, flight: _Flight, keys: KeySet | None) -> None:
        if flight.landed.done():
            return
        if keys is not None:
            self._held = keys, flight.since
            self._back_off.succeeds()
        elif flight.counts:
            self._back_off.restart(self._clock())
        self._flight = None
        flight.landed.set_result(keys)


def _usable(keys: KeySet | None) -> KeySet:
    if keys is None:
        raise UnavailableError("keys_unavailable")
    return keys
