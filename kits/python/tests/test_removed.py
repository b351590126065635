"""Checks that are taken out: a copy of the package without one check must answer the cases named here wrongly.

A table of cases shows that the verifier is right; this shows that the table would notice if it were not. Every place
where the package refuses something is in a mutation: the last test reads the sources.
"""

import importlib
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import gatehouse_agent
import pytest
import vectors
from copies import FAILED, PASSED, exit_code
from vectors import CASES

PACKAGE = Path(gatehouse_agent.__file__).parent


@dataclass(frozen=True)
class Mutation:
    """A text of a source, what replaces it, and the cases of the vectors that notice."""

    file: str
    old: str
    new: str
    cases: tuple[str, ...]

    @property
    def name(self):
        return f"{self.file}: {self.old.strip().splitlines()[0][:60]} -> {self.new.strip()[:40]}"


def of(file, *rows):
    return [Mutation(file, old, new, tuple(cases.split())) for old, new, cases in rows]


VERIFY = of(
    "_verify.py",
    ("if not values:", "if False:", "header_missing header_authorization"),
    ("if len(values) > 1:", "if False:", "header_twice header_twice_forged_last header_twice_in_two_cases"),
    ("_bytes(name).lower()", "_bytes(name)", "header_upper session_mixed"),
    ("if len(header) > MAX_ASSERTION:", "if False:", "size_assertion_4097"),
    ("if len(header) > MAX_ASSERTION:", "if len(header) >= MAX_ASSERTION:", "size_assertion_4096"),
    (
        'algorithm != "ES256" or token_type != TYPE',
        "token_type != TYPE",
        "alg_none alg_none_unsigned alg_hs256 alg_lower alg_list alg_missing alg_null key_hmac_declared",
    ),
    (
        'algorithm != "ES256" or token_type != TYPE',
        'algorithm != "ES256"',
        "typ_jwt typ_access_token typ_media_type typ_upper typ_missing typ_null",
    ),
    ("if members or not", "if not", "member_crit member_crit_empty member_jku member_x member___proto__ key_in_head"),
    ("if members or not isinstance(key_id, str):", "if members:", "kid_missing kid_null kid_number kid_true"),
    (
        "if not keys.verifies(self.key_id, self._signed, self._signature):",
        "if False:",
        "key_other_same_id key_id_twice_second kid_unknown signed_subject signature_empty signature_zeros",
    ),
    ("if not isinstance(value, str):", "if value is None:", "claim_sub_number claim_name_true claim_sub_object"),
    ("if not isinstance(value, str):", "if not isinstance(value, (str, list)):", "claim_aud_of_one claim_sub_list"),
    (
        "return None if claims.get(name) is None else _text(claims, name)",
        "return claims.get(name)",
        "claim_name_number claim_email_list",
    ),
    ("if value is None:\n        return None\n", "pass\n", "good_groups_null good_least"),
    ("not isinstance(value, list) or not all(", "not all(", "claim_groups_text claim_groups_object"),
    (" or not all(isinstance(item, str) for item in value)", "", "claim_groups_of_numbers claim_groups_mixed"),
    (
        "if not isinstance(value, int) or isinstance(value, bool) or value < 0:",
        "if False:",
        "claim_iat_text claim_exp_point",
    ),
    (" or isinstance(value, bool)", "", "claim_iat_true claim_exp_true"),
    (" or value < 0", "", "claim_iat_negative claim_exp_negative"),
    ("if self.issuer != door:", "if False:", "issuer_other issuer_slash issuer_upper issuer_empty"),
    (
        "if self.issuer != door:",
        "if not self.issuer.startswith(door):",
        "issuer_suffix issuer_slash issuer_port issuer_user",
    ),
    ("if self.audience != agent:", "if False:", "audience_other audience_prefix audience_empty"),
    ("if self.audience != agent:", "if agent not in self.audience:", "audience_suffix audience_two audience_space"),
    ("if self.issued_at > now + SKEW:", "if False:", "early_31 early_day early_milliseconds"),
    ("if self.issued_at > now + SKEW:", "if self.issued_at >= now + SKEW:", "early_30"),
    ("if now >= self.expires_at + SKEW:", "if False:", "expired_at_90 expired_day expired_zero"),
    ("if now >= self.expires_at + SKEW:", "if now > self.expires_at + SKEW:", "expired_at_90"),
    ("if now >= self.expires_at + SKEW:", "if now >= self.expires_at:", "expired_at_89"),
    ("if self.expires_at - self.issued_at > LIFETIME:", "if False:", "lifetime_61 lifetime_30_years lifetime_for_ever"),
    (
        "if self.expires_at - self.issued_at > LIFETIME:",
        "if self.expires_at - self.issued_at >= LIFETIME:",
        "lifetime_60",
    ),
    ("if self.method != method:", "if False:", "method_put method_get method_claim_lower"),
    ('"?" in target or self.path', "self.path", "query_signed"),
    ('"?" in target or self.path != target', '"?" in target', "path_other path_escaped path_claim_empty path_slash"),
    ("len(sessions) > 1 or", "", "session_twice session_twice_other_last"),
    (
        "(sessions and sessions[0] != self.caller.session.encode())",
        "False",
        "session_other session_empty session_claim_other session_lower",
    ),
    (
        "if not hmac.compare_digest(self.body_sha256.encode(), digest):",
        "if False:",
        "body_other body_empty body_space body_hash_empty body_hash_hexadecimal unused_body",
    ),
    ("_WHITE_SPACE.split(scope)", "scope.split()", "good_scope_no_spaces"),
    ("except (NotStrictError, TypeError):", "except TypeError:", "json_not_json twice_subject_last"),
    ("except NotCompactError:", "except ZeroDivisionError:", "form_word form_two_parts"),
)

JSON = of(
    "_json.py",
    ('text.decode("utf-8")', 'text.decode("utf-8", "replace")', "json_not_utf8 json_overlong json_surrogate_bytes"),
    (
        'text.decode("utf-8")',
        'text.decode("utf-8-sig")',
        "json_byte_order_mark head_byte_order_mark keys_byte_order_mark_twice",
    ),
    (
        '_DECODER.decode(text.decode("utf-8"))',
        '_DECODER.raw_decode(text.decode("utf-8"))[0]',
        "json_trailing json_two json_nul head_two keys_trailing_text",
    ),
    ("except (ValueError, RecursionError):", "except RecursionError:", "json_not_json head_not_json"),
    ("if not isinstance(found, _Members):", "if False:", "json_list json_null head_list"),
    (
        "if len(set(names)) != len(names):",
        "if False:",
        "twice_subject_first twice_subject_escaped head_alg_twice keys_keys_twice",
    ),
    ("            return\n    raise NotStrictError", "            return\n    return", "depth_128 depth_objects_128"),
    ("MAX_DEPTH: Final = 127", "MAX_DEPTH: Final = 126", "depth_127 depth_objects_127"),
    (
        "if _SURROGATE.search(text):",
        "if False:",
        "value_first_surrogate value_surrogate_subject value_surrogate_hidden",
    ),
    ("return [_plain(item) for item in value]", "return value", "value_surrogate_below"),
    (
        "return {_text(name): _plain(inner) for name, inner in value.pairs}",
        "return {name: _plain(inner) for name, inner in dict(value.pairs).items()}",
        "value_surrogate_name value_surrogate_hidden",
    ),
    (' and text != "-0"', "", "claim_exp_minus_zero claim_iat_minus_zero"),
    ("if -(2**63) <= number < 2**64:", "if True:", "claim_iat_beyond_64_bits"),
    ("if math.isinf(number):", "if False:", "value_large_exponent value_many_digits"),
    (
        "-> NoReturn:\n    raise NotStrictError",
        "-> object:\n    return 0",
        "value_nan value_infinity value_minus_infinity",
    ),
    ("strict=True", "strict=False", "value_control head_kid_control"),
)

JWS = of(
    "_jws.py",
    ("except binascii.Error:", "except ZeroDivisionError:", "form_space form_one_sign_more"),
    (
        "if encode_base64url(decoded) != text:",
        "if False:",
        "form_spelling_head form_spelling_claims form_spelling_signature form_standard_base64 form_padded_head",
    ),
    ("if len(parts) != 3:", "if False:", "form_four_parts form_two_parts form_five_parts"),
    ("except NotStrictError:", "except ZeroDivisionError:", "head_list head_alg_twice"),
)

KEYS = of(
    "_keys.py",
    ("listed[:MAX_KEYS]", "listed", "keys_k1_is_entry_101 keys_k2_and_k1_is_entry_101"),
    ("MAX_KEYS: Final = 100", "MAX_KEYS: Final = 99", "keys_k1_is_entry_100"),
    ("document.removeprefix(codecs.BOM_UTF8)", "document", "keys_byte_order_mark"),
    (
        "for name, value in jwk.items() if value is not None}",
        "for name, value in jwk.items()}",
        "keys_jwk_use_null keys_jwk_key_ops_null keys_jwk_alg_null keys_jwk_names_null",
    ),
    (
        'jwk.get("use", "sig") != "sig" or ',
        "",
        "keys_jwk_use_enc keys_jwk_use_upper keys_jwk_use_list keys_use_enc_then_k1",
    ),
    ('jwk.get("use", "sig")', 'jwk.get("use")', "keys_jwk_without_use keys_jwk_use_null"),
    (
        ' or jwk.get("alg", "ES256") != "ES256"',
        "",
        "keys_jwk_alg_es384 keys_jwk_alg_rs256 keys_jwk_alg_lower keys_jwk_alg_number keys_alg_es384_then_k1",
    ),
    ('jwk.get("alg", "ES256")', 'jwk.get("alg")', "keys_jwk_without_alg keys_jwk_alg_null"),
    ("not isinstance(operations, list) or ", "", "keys_jwk_key_ops_text"),
    (
        ' or "verify" not in operations',
        "",
        "keys_jwk_key_ops_sign keys_jwk_key_ops_empty keys_jwk_key_ops_upper",
    ),
    ('jwk.get("key_ops", ["verify"])', 'jwk.get("key_ops")', "good keys_jwk_key_ops_null"),
    ('in ("x5t", "issuer")', 'in ("x5t",)', "keys_jwk_issuer_list"),
    ('in ("x5t", "issuer")', 'in ("issuer",)', "keys_jwk_x5t_number"),
    ("keys.setdefault(*key)", "keys[key[0]] = key[1]", "key_id_twice_first key_id_twice_second"),
    ("if isinstance(entry, dict) else None", "", "keys_odd_entries_then_k1"),
    ("if not isinstance(listed, list):", "if False:", ""),
    ("if not keys:", "if False:", "keys_keys_empty keys_only_rsa keys_jwk_without_kid"),
    ("except NotStrictError:", "except ZeroDivisionError:", ""),
    (
        'if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):',
        "if False:",
        "keys_jwk_kty_lower keys_jwk_kty_rsa keys_jwk_crv_other keys_jwk_crv_missing",
    ),
    ("if not (isinstance(key_id, str) and", "if not (", "keys_jwk_without_kid keys_jwk_kid_number keys_jwk_kid_null"),
    (" and isinstance(x, str)", "", ""),
    (
        "if [len(coordinate) for coordinate in point] != [_LENGTH, _LENGTH]:",
        "if False:",
        "",
    ),
    ("or len(signature) != 2 * _LENGTH", "", "signature_zero_between"),
    ("if key is None or", "if", ""),
    (
        "except InvalidSignature:\n            return False",
        "except InvalidSignature:\n            return True",
        "key_other_same_id signature_zeros signature_first_bit signed_one_letter",
    ),
)

DOOR = of(
    "_door.py",
    ('method == "GET" and target in self._open', "target in self._open", "open_ping_post open_ping_head"),
    ('method == "GET" and target in self._open', 'method == "GET"', "open_invocations open_root open_ping_case"),
    (
        "target in self._open",
        "target.startswith(tuple(self._open))",
        "open_ping_suffix open_ping_query open_ping_below",
    ),
    ("if len(body) > self._max_body:", "if False:", ""),
    ("claims.check_body(body)", "pass", "body_other body_cut order_body_replay"),
    (
        "self._seen.once(claims.caller.request_id",
        "self._seen.once(str(self._clock().wall)",
        "replay_to_the_end replay_after_others",
    ),
    (
        "claims.check(self._url, self._agent, method, target, headers, int(self._clock().wall))",
        "pass",
        "issuer_other audience_other expired_at_90 method_put path_other session_other",
    ),
)

REPLAY = of(
    "_replay.py",
    (
        "if request_id in self._until:",
        "if False:",
        "replay_at_once replay_mirrored replay_signed_anew replay_another_caller",
    ),
    ("self._until[request_id] = until", "pass", "replay_at_once replay_often"),
)

CACHE = of(
    "_cache.py",
    ("if suits and not is_old:", "if suits:", "age_soft rotation_replaced"),
    ("if age < HARD_AGE else (None, False)", "", "age_hard age_of_renewed"),
    ("HARD_AGE: Final = 2 * 60 * 60", "HARD_AGE: Final = 2 * 60 * 60 + 1", "age_hard"),
    ("SOFT_AGE: Final = 5 * 60", "SOFT_AGE: Final = 5 * 60 + 1", "age_soft"),
    (
        "if is_search and not self._back_off.has_failed and not self._searches.draw(now):",
        "if False:",
        "search_bounded rotation_waits",
    ),
    (" and not self._back_off.has_failed", "", "search_fails"),
    (
        "is_search = held is not None and not suits and not is_old",
        "is_search = held is not None",
        "search_with_old_keys",
    ),
    ("if self._back_off.rests(now):", "if False:", "outage_rests age_renewal_fails search_fails"),
    ("MIN_BACK_OFF << min(self._count - 1, 16)", "MIN_BACK_OFF", "outage_rests"),
    ("MAX_BACK_OFF: Final = 32", "MAX_BACK_OFF: Final = 64", "outage_rests"),
    ("self._count, self._last = 0, None", "pass", "outage_ends"),
    ("now.since(self._drawn) < SEARCH_REFILL", "False", "search_bounded"),
    ("if keys is None:\n        raise", "if False:\n        raise", "keys_down outage_rests"),
    ("self._held = keys, flight.since", "pass", "age_soft search_bounded"),
)

ASGI = of(
    "_asgi.py",
    ("if len(body) > max_body:", "if len(body) > max_body + 1:", ""),
    ('_replayed(b"", receive), send, None', "receive, send, None", "open_ping_body"),
    ("if self._door.is_open(method, target):", "if False:", "open_ping open_card open_other"),
    (
        "await _refuse(error, send)",
        "await self._app(scope, receive, send)",
        "header_missing audience_other replay_at_once",
    ),
    (
        "except RejectedError as error:\n            _LOG.warning(",
        "except RejectedError as error:\n            _LOG.debug(",
        "header_missing",
    ),
)

# What the vectors cannot ask for, and the tests that do.
BY_TESTS = {
    ("_asgi.py", "await _refuse_websocket(scope, receive, send)", "await self._app(scope, receive, send)"): (
        "test_asgi.py::test_a_websocket_is_refused_before_it_is_accepted"
    ),
    (
        "_asgi.py",
        'raise NotImplementedError(f"the ASGI scope `{kind}` is not let in: it cannot be verified")',
        "await self._app(scope, receive, send)",
    ): ("test_asgi.py::test_a_scope_that_is_not_known_does_not_pass"),
    (
        "_asgi.py",
        "if len(body) > max_body:",
        "if False:",
    ): "test_asgi.py::test_a_stream_without_end_is_read_up_to_the_bound",
    ("_asgi.py", 'scope["path"] if raw is None else raw.decode("latin-1")', 'scope["path"]'): (
        "test_asgi.py::test_the_raw_path_counts_where_it_is_shown"
    ),
    ("_asgi.py", "token = CURRENT.set(current)", "token = CURRENT.set(current if turn else CURRENT.get())"): (
        "test_asgi.py::test_an_open_path_hides_the_caller_of_an_outer_request"
    ),
    ("_asgi.py", "current.end()", "pass"): ("test_asgi.py::test_a_task_that_outlives_its_request_works_for_no_caller"),
    ("_asgi.py", "{**scope, SCOPE_KEY: turn}", "{SCOPE_KEY: turn, **scope}"): (
        "test_asgi.py::test_whatever_was_in_the_scope_before_is_no_caller"
    ),
    (
        "_asgi.py",
        "        # Not earlier: a stranger's body is not read.\n",
        "        await _read(receive, door.max_body)\n",
    ): ("test_asgi.py::test_a_stream_is_read_whole_and_given_on_in_one_piece"),
    ("_asgi.py", "raise _DisconnectedError", "return bytes(body)"): (
        "test_asgi.py::test_a_client_that_goes_away_is_not_answered_and_uses_nothing_up"
    ),
    (
        "_door.py",
        "if len(body) > self._max_body:",
        "if False:",
    ): "test_vectors.py::test_every_case_is_answered_as_it_is_written",
    ("_replay.py", "if until <= now:", "if False:"): (
        "test_asgi.py::test_a_body_that_is_kept_back_does_not_outlive_its_assertion"
    ),
    ("_replay.py", 'raise UnavailableError("crowded")', "self._until.clear()"): (
        "test_asgi.py::test_a_memory_that_is_full_is_an_outage_until_assertions_expire"
    ),
    ("_clock.py", "self.wall - earlier.wall, ", ""): "test_cache.py::test_a_frozen_container_does_not_keep_keys_young",
    (
        "_clock.py",
        "self.steady - earlier.steady, ",
        "",
    ): "test_cache.py::test_a_clock_that_is_set_back_does_not_keep_keys_young",
    (
        "_fetch.py",
        "if response.status != 200:",
        "if response.status >= 400:",
    ): "test_fetch.py::test_a_redirect_is_not_followed",
    ("_fetch.py", "if len(body) > MAX_DOCUMENT:", "if len(body) > 10 * MAX_DOCUMENT:"): (
        "test_fetch.py::test_what_is_no_document_is_refused_and_not_repeated"
    ),
    (
        "_fetch.py",
        "if response.length:",
        "if False:",
    ): "test_fetch.py::test_what_is_no_document_is_refused_and_not_repeated",
    ("_fetch.py", "len(document) > MAX_DOCUMENT or ", ""): (
        "test_fetch.py::test_what_is_no_document_is_refused_and_not_repeated"
    ),
    ("_fetch.py", "not member.eof or ", ""): "test_fetch.py::test_what_is_no_document_is_refused_and_not_repeated",
    ("_fetch.py", " or member.unused_data", ""): "test_fetch.py::test_what_is_no_document_is_refused_and_not_repeated",
    ("_fetch.py", "not in _CODINGS:", "in ():"): (
        "test_fetch.py::test_what_is_no_document_is_refused_and_not_repeated"
    ),
    ("_fetch.py", "watchdog.start()", "pass"): "test_fetch.py::test_however_slowly_it_comes_the_time_is_bounded",
    (
        "_address.py",
        "if not is_secure and not _is_loopback(host):",
        "if False:",
    ): "test_door.py::test_addresses_that_are_not_called",
    ("_turn.py", "len(tokens) > 1 or ", ""): "test_tools.py::test_what_is_not_one_token_is_not_used",
    ("_turn.py", "or not _TOKEN.fullmatch(tokens[0])", ""): "test_tools.py::test_what_is_not_one_token_is_not_used",
    ("_tools.py", "Address.parse(gateway)", "pass"): "test_tools.py::test_the_token_is_not_sent_elsewhere",
}

# It takes as long as all others together, and test_vectors runs it anyway.
SLOW = {"test_vectors.py::test_every_case_is_answered_as_it_is_written"}
NO_CHANGE = ("__init__.py", "__version__ = ", "__version__  = ")

BY_CASES = [row for row in VERIFY + JSON + JWS + KEYS + DOOR + REPLAY + CACHE + ASGI if row.cases]
# Without these a fault would be another exception, never a caller: nothing is left to notice.
HARMLESS = [row for row in KEYS + DOOR + ASGI if not row.cases]


def mutated(folder, file, old, new):
    """A copy of the package in which a text is replaced, which must be there exactly once."""
    copy = folder / "gatehouse_agent"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    source = (copy / file).read_text(encoding="utf-8")
    assert source.count(old) == 1, f"`{old}` is {source.count(old)} times in {file}"
    (copy / file).write_text(source.replace(old, new), encoding="utf-8")
    return folder


def imported(folder, monkeypatch):
    """That copy, imported beside the real package."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "gatehouse_agent"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    package = importlib.import_module("gatehouse_agent")
    assert Path(package.__file__).is_relative_to(folder)
    for name in [name for name in sys.modules if name.partition(".")[0] == "gatehouse_agent"]:
        monkeypatch.setitem(sys.modules, name, sys.modules[name])
    return package


@pytest.mark.parametrize("row", BY_CASES, ids=[row.name for row in BY_CASES])
def test_without_the_check_the_cases_fail(row, tmp_path, monkeypatch):
    package = imported(mutated(tmp_path, row.file, row.old, row.new), monkeypatch)
    monkeypatch.setattr(vectors, "kit", package)
    monkeypatch.setattr(vectors, "Moment", package._clock.Moment)
    monkeypatch.setattr(vectors, "FetchError", package._fetch.FetchError)
    unnoticed = []
    for name in row.cases:
        try:
            is_noticed = any(any(vectors.differences(CASES[name], transport)) for transport in ("asgi", "verify"))
        # A copy may break in any way; a caller is not let in by that.
        except Exception:
            is_noticed = True
        if not is_noticed:
            unnoticed.append(name)
    assert unnoticed == []


@pytest.mark.parametrize(("change", "test"), BY_TESTS.items(), ids=[f"{c[0]}: {c[1].strip()[:50]}" for c in BY_TESTS])
def test_without_the_check_the_tests_fail(change, test, tmp_path):
    folder = mutated(tmp_path, *change)
    code = exit_code(folder, test)
    assert code == FAILED, (folder / "log").read_text()


def test_with_all_checks_the_tests_pass(tmp_path):
    """So that none of them fails for another reason."""
    folder = mutated(tmp_path, *NO_CHANGE)
    code = exit_code(folder, *sorted(set(BY_TESTS.values()) - SLOW))
    assert code == PASSED, (folder / "log").read_text()


def test_the_copy_without_a_change_answers_all_cases(tmp_path, monkeypatch):
    package = imported(mutated(tmp_path, *NO_CHANGE), monkeypatch)
    monkeypatch.setattr(vectors, "kit", package)
    monkeypatch.setattr(vectors, "FetchError", package._fetch.FetchError)
    wrong = [
        line for name in {c for row in BY_CASES for c in row.cases} for line in vectors.differences(CASES[name], "asgi")
    ]
    assert wrong == []


def test_every_refusal_is_in_a_mutation(report):
    """Each `raise` of a refusal in the sources stands below a line that a mutation changes."""
    covered = {(row.file, row.old) for row in BY_CASES} | {(file, old) for file, old, _ in BY_TESTS}
    covered |= {(row.file, row.old) for row in HARMLESS}
    missing = []
    count = 0
    for path in sorted(PACKAGE.glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if not re.search(
                r"raise (ProofError|NotStrictError|NotCompactError|TooLargeError|UnavailableError|TypeError)", line
            ):
                continue
            count += 1
            # The line itself and the three above it: the condition, and a comment or a call between.
            near = "\n".join(lines[max(0, number - 3) : number + 1])
            texts = [old for file, old in covered if file == path.name]
            if not any(
                text in near or any(part in near for part in text.splitlines() if part.strip()) for text in texts
            ):
                missing.append(f"{path.name}:{number + 1}: {line.strip()}")
    assert missing == []
    assert count >= 25
    cases = {name for row in BY_CASES for name in row.cases}
    report(
        f"checks removed from the Python verifier: {len(BY_CASES)} noticed by {len(cases)} cases, "
        f"{len(BY_TESTS)} by tests, 0 unnoticed"
    )
