"""The cache of keys under load: one flight for all, in threads and on event loops, whatever the fetch does."""

import asyncio
import concurrent.futures
import threading
import time

import pytest
from gatehouse_agent import UnavailableError, _cache
from gatehouse_agent._cache import KeyCache
from gatehouse_agent._clock import Moment, system_clock
from gatehouse_agent._fetch import FetchError
from signing import Signer

DOCUMENT = Signer("k1").document
AT_ONCE = 50


class Origin:
    """A door that answers once it is let go."""

    def __init__(self, *, is_held=False):
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self.answer = DOCUMENT
        self.let_go = threading.Event()
        self.arrived = threading.Semaphore(0)
        self._lock = threading.Lock()
        if not is_held:
            self.let_go.set()

    def fetch(self, _timeout):
        with self._lock:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.arrived.release()
        try:
            assert self.let_go.wait(20)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer
        finally:
            with self._lock:
                self.at_once -= 1


class HandClock:
    def __init__(self):
        self.moment = Moment(1_800_000_000.0, 0.0)

    def __call__(self):
        return self.moment

    def advance(self, seconds, frozen=0.0):
        self.moment = Moment(self.moment.wall + seconds + frozen, self.moment.steady + seconds)


def test_threads_share_one_flight():
    origin = Origin(is_held=True)
    cache = KeyCache(origin.fetch, system_clock)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        asking = [pool.submit(cache.get, "k1") for _ in range(AT_ONCE)]
        assert origin.arrived.acquire(timeout=20)
        origin.let_go.set()
        assert len({id(future.result(20)) for future in asking}) == 1
    assert origin.asked == 1


def test_tasks_share_one_flight_and_the_loop_goes_on():
    origin = Origin(is_held=True)
    cache = KeyCache(origin.fetch, system_clock)

    async def ask():
        tasks = [asyncio.create_task(cache.aget("k1")) for _ in range(AT_ONCE)]
        # The loop runs while the fetch hangs: it is this loop that lets it go.
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, origin.arrived.acquire)
        assert not any(task.done() for task in tasks)
        origin.let_go.set()
        return await asyncio.gather(*tasks)

    assert len({id(keys) for keys in asyncio.run(ask())}) == 1
    assert origin.asked == 1


def test_loops_and_threads_share_one_flight():
    origin = Origin(is_held=True)
    cache = KeyCache(origin.fetch, system_clock)

    def on_a_loop():
        return asyncio.run(cache.aget("k1"))

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        asking = [
            pool.submit(on_a_loop if number % 2 else cache.get, *([] if number % 2 else ["k1"])) for number in range(20)
        ]
        assert origin.arrived.acquire(timeout=20)
        origin.let_go.set()
        assert len({id(future.result(20)) for future in asking}) == 1
    assert origin.asked == 1


def test_a_failure_is_shared_too_and_then_it_rests():
    origin = Origin(is_held=True)
    origin.answer = FetchError("down")
    clock = HandClock()
    cache = KeyCache(origin.fetch, clock)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        asking = [pool.submit(cache.get, "k1") for _ in range(AT_ONCE)]
        assert origin.arrived.acquire(timeout=20)
        origin.let_go.set()
        for future in asking:
            with pytest.raises(UnavailableError):
                future.result(20)
    assert origin.asked == 1
    clock.advance(1)
    origin.answer = DOCUMENT
    assert "k1" in cache.get("k1")


def test_old_keys_serve_while_one_request_renews_them():
    origin = Origin()
    clock = HandClock()
    cache = KeyCache(origin.fetch, clock)
    first = cache.get("k1")
    clock.advance(_cache.SOFT_AGE)
    origin.let_go.clear()
    assert origin.arrived.acquire(timeout=20)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(cache.get, "k1")
        assert origin.arrived.acquire(timeout=20)
        # Others do not wait for it.
        for _ in range(AT_ONCE):
            assert cache.get("k1") is first
            assert asyncio.run(cache.aget("k1")) is first
        assert not renewing.done() or renewing.result() is first
        origin.let_go.set()
        renewing.result(20)
    assert origin.asked == 2
    assert origin.most_at_once == 1


@pytest.mark.parametrize("is_async", [False, True])
def test_a_fetch_that_hangs_is_given_up(monkeypatch, is_async):
    monkeypatch.setattr(_cache, "FETCH_TIMEOUT", 0.2)
    origin = Origin(is_held=True)
    clock = HandClock()
    cache = KeyCache(origin.fetch, clock)
    get = (lambda: asyncio.run(cache.aget("k1"))) if is_async else (lambda: cache.get("k1"))
    start = time.monotonic()
    with pytest.raises(UnavailableError):
        get()
    assert time.monotonic() - start < 10
    # It rests, and then another flight brings the keys, whatever becomes of the first one.
    with pytest.raises(UnavailableError):
        get()
    assert origin.asked == 1
    clock.advance(1)
    hanging, origin.let_go = origin.let_go, threading.Event()
    origin.let_go.set()
    keys = get()
    assert origin.asked == 2
    hanging.set()
    assert get() is keys


def test_a_renewal_that_hangs_holds_up_one_request_for_half_a_second():
    origin = Origin()
    clock = HandClock()
    cache = KeyCache(origin.fetch, clock)
    first = cache.get("k1")
    clock.advance(_cache.SOFT_AGE)
    hanging, origin.let_go = origin.let_go, threading.Event()
    assert hanging.is_set()
    start = time.monotonic()
    assert cache.get("k1") is first
    assert 0.4 < time.monotonic() - start < 10
    assert cache.get("k1") is first
    assert origin.asked == 2
    origin.let_go.set()


def test_a_task_that_is_cancelled_takes_nothing_from_the_others():
    origin = Origin(is_held=True)
    cache = KeyCache(origin.fetch, system_clock)

    async def ask():
        gone, staying = (asyncio.create_task(cache.aget("k1")) for _ in range(2))
        await asyncio.get_running_loop().run_in_executor(None, origin.arrived.acquire)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        origin.let_go.set()
        return await staying

    assert "k1" in asyncio.run(ask())
    assert origin.asked == 1


def test_whatever_a_fetch_raises_is_an_outage(caplog):
    origin = Origin()
    origin.answer = RuntimeError("SECRET")
    cache = KeyCache(origin.fetch, HandClock())
    with pytest.raises(UnavailableError):
        cache.get("k1")
    assert "RuntimeError" in caplog.text
    assert "SECRET" not in caplog.text


def test_a_thread_that_cannot_start_is_an_outage(monkeypatch):
    def no_thread(_self):
        raise RuntimeError("can't start new thread")

    clock = HandClock()
    cache = KeyCache(Origin().fetch, clock)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(UnavailableError):
            cache.get("k1")
    clock.advance(1)
    assert "k1" in cache.get("k1")


def test_warming_does_not_count_and_does_not_raise():
    origin = Origin()
    origin.answer = FetchError("down")
    cache = KeyCache(origin.fetch, HandClock())
    cache.warm(1.0)
    origin.answer = DOCUMENT
    assert "k1" in cache.get("k1")
    cache.warm(1.0)
    assert origin.asked == 2


def test_warming_is_bounded():
    origin = Origin(is_held=True)
    cache = KeyCache(origin.fetch, HandClock())
    start = time.monotonic()
    cache.warm(0.1)
    assert time.monotonic() - start < 10
    origin.let_go.set()


@pytest.mark.parametrize(
    ("steady", "frozen", "fetches"),
    [(299, 0, 1), (300, 0, 2), (0, 300, 2), (100, 200, 2), (0, 299, 1)],
)
def test_a_frozen_container_does_not_keep_keys_young(steady, frozen, fetches):
    origin = Origin()
    clock = HandClock()
    cache = KeyCache(origin.fetch, clock)
    cache.get("k1")
    clock.advance(steady, frozen)
    cache.get("k1")
    assert origin.asked == fetches


def test_a_clock_that_is_set_back_does_not_keep_keys_young():
    origin = Origin()
    clock = HandClock()
    cache = KeyCache(origin.fetch, clock)
    cache.get("k1")
    clock.advance(300, frozen=-5000)
    cache.get("k1")
    assert origin.asked == 2


def test_made_up_key_ids_at_once_are_one_search():
    origin = Origin()
    cache = KeyCache(origin.fetch, HandClock())
    cache.get("k1")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(cache.get, [f"made-up-{number}" for number in range(500)]))
    assert all("k1" in keys for keys in found)
    assert origin.asked == 2
