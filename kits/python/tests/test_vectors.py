"""The shared vectors: every case, on every way to the verifier."""

from collections import Counter

import pytest
from gatehouse_agent import _cache, _errors, _fetch, _json, _keys, _replay, _verify
from gatehouse_agent import _door as door
from vectors import CASES, TRANSPORTS, UNSEEN_BY_ASGI, VECTORS, differences, pure_difference


def test_the_file_is_whole():
    assert VECTORS["version"] == 1
    assert VECTORS["count"] == len(VECTORS["cases"]) == len(CASES) >= 500
    assert VECTORS.keys() == {"version", "count", "settings", "limits", "key_documents", "cases"}
    allowed = {"id", "check", "comment", "pure", "settings", "steps"}
    assert all(case.keys() <= allowed for case in VECTORS["cases"])
    reasons = {step["expect"].get("reason") for case in VECTORS["cases"] for step in case["steps"]}
    # `crowded` needs 120,000 requests, a WebSocket is none of the vectors': test_asgi has both.
    known = {*_errors.PROOF_REASONS, "keys_unavailable", "too_large", None}
    assert reasons == known


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_case_is_answered_as_it_is_written(transport, report):
    wrong = [line for case in VECTORS["cases"] for line in differences(case, transport)]
    requests = sum(len(case["steps"]) for case in VECTORS["cases"])
    report(f"vectors in Python by {transport}: {len(CASES)} cases, {requests} requests, {len(wrong)} wrong")
    assert wrong == []


def test_every_pure_case_is_answered_by_the_function_alone(report):
    cases = [case for case in VECTORS["cases"] if case["pure"]]
    wrong = [line for case in cases if (line := pure_difference(case))]
    report(f"vectors in Python by the pure function: {len(cases)} cases, {len(wrong)} wrong")
    assert wrong == []
    assert len(cases) > 400


def test_each_check_has_cases_on_both_sides(report):
    counts = Counter(case["check"] for case in VECTORS["cases"])
    report("vectors by check: " + ", ".join(f"{check} {count}" for check, count in sorted(counts.items())))
    sides = {}
    for case in VECTORS["cases"]:
        sides.setdefault(case["check"], set()).update(step["expect"]["verdict"] for step in case["steps"])
    # Where a check has one side only, `good` is the other one: any good request passes all checks.
    both = {check for check, verdicts in sides.items() if "refused" in verdicts and len(verdicts) > 1}
    boundaries = {
        "assertion size",
        "body size",
        "claims depth",
        "early",
        "expired",
        "lifetime",
        "open",
        "replay",
        "header",
    }
    assert boundaries <= both


def test_limits_are_those_of_the_vectors():
    limits = {
        "skew": _verify.SKEW,
        "lifetime": _verify.LIFETIME,
        "max_assertion": _verify.MAX_ASSERTION,
        "max_seen": _replay.MAX_SEEN,
        "max_keys": _keys.MAX_KEYS,
        "max_key_document": _fetch.MAX_DOCUMENT,
        "soft_age": _cache.SOFT_AGE,
        "hard_age": _cache.HARD_AGE,
        "searches": 1,
        "search_refill": _cache.SEARCH_REFILL,
        "min_back_off": _cache.MIN_BACK_OFF,
        "max_back_off": _cache.MAX_BACK_OFF,
    }
    assert VECTORS["limits"] == limits
    assert VECTORS["settings"]["max_body"] == door.MAX_BODY
    assert VECTORS["settings"]["open"] == [door.HEALTH, door.CARD]
    assert _json.MAX_DEPTH == 127


def test_what_asgi_hides_is_known_by_name():
    for name in UNSEEN_BY_ASGI:
        (step,) = CASES[name]["steps"]
        assert step["request"]["target"].endswith("?")
    empty = {c["id"] for c in VECTORS["cases"] for s in c["steps"] if s["request"]["target"].endswith("?")}
    # Of the two question marks of the other one, ASGI shows the second.
    assert empty - {"query_two"} == UNSEEN_BY_ASGI.keys()
