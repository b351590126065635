"""The samples of docs/verify.md, compiled as they stand there, against the vectors that decide for the packages too."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, TARGET

VECTORS = ROOT / "kits/vectors/vectors.json"
PROGRAMS = Path(__file__).parent / "verify"
#: The members of an expected caller, by the claims that they come from.
MEMBERS = {
    "subject": "sub",
    "subject_issuer": "sub_issuer",
    "session": "session",
    "request_id": "jti",
    "client_id": "client_id",
    "username": "username",
    "email": "email",
    "name": "name",
    "groups": "groups",
}


def sample(language):
    (block,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs/verify.md").read_text(), re.DOTALL)
    return block


def run(*command, **options):
    found = subprocess.run(command, capture_output=True, text=True, timeout=400, **options)
    assert found.returncode == 0, found.stderr
    return found.stdout


def skipped(what):
    assert os.environ.get("CI") != "true", f"nothing is skipped here: {what}"
    pytest.skip(what)


def go(folder):
    program = shutil.which("go", path=os.pathsep.join([str(ROOT / ".tools/examples/bin"), os.environ["PATH"]]))
    if program is None:
        skipped("Go, which `make examples` installs")
    (folder / "verify.go").write_text(sample("go"))
    (folder / "go.mod").write_text("module verify\n\ngo 1.22\n")
    shutil.copy(PROGRAMS / "main.go", folder)
    cache = {"GOCACHE": str(TARGET / "go"), "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    run(program, "build", "-o", "verify", ".", cwd=folder, env=os.environ | cache)
    return run(str(folder / "verify"), str(VECTORS))


def java(folder):
    if shutil.which("javac") is None:
        skipped("Java, because there is no `javac`, and `make examples` may not install one here")
    (folder / "Verify.java").write_text(sample("java"))
    shutil.copy(PROGRAMS / "Run.java", folder)
    run(
        "javac",
        "--release",
        "17",
        "-Xlint:all,-serial",
        "-Werror",
        "-d",
        str(folder),
        "Verify.java",
        "Run.java",
        cwd=folder,
    )
    return run("java", "-cp", str(folder), "Run", str(VECTORS))


@pytest.mark.parametrize("language", [go, java])
def test_the_sample_answers_every_case_as_it_is_written(language, tmp_path, report):
    vectors = json.loads(VECTORS.read_text())
    cases = {case["id"]: case["steps"][0]["expect"] for case in vectors["cases"] if case["pure"]}
    assert len(cases) > 500
    answers = [json.loads(line) for line in lines(language(tmp_path))]
    assert [answer["id"] for answer in answers] == list(cases)
    wrong = [answer["id"] for answer in answers if not is_as_expected(answer["said"], cases[answer["id"]])]
    assert wrong == []
    report(f"vectors in {language.__name__.capitalize()} by the sample of docs/verify.md: {len(cases)} cases, 0 wrong")


def lines(printed):
    """Lines end with a line feed, and with nothing else that Unicode knows."""
    return printed.rstrip("\n").split("\n")


def is_as_expected(said, expected):
    if expected["verdict"] == "refused":
        return said == {"reason": expected["reason"]}
    found = {member: said["caller"].get(claim) for member, claim in MEMBERS.items()}
    return found == {member: expected["caller"][member] for member in MEMBERS}


def test_a_sample_without_a_check_fails_the_cases(tmp_path, monkeypatch):
    """So that the comparison above can fail."""
    whole = sample("java")
    line = '        check(claims.get("aud").equals(agent), "proof_audience");\n'
    assert whole.count(line) == 1
    monkeypatch.setattr(sys.modules[__name__], "sample", lambda _language: whole.replace(line, ""))
    cases = json.loads(VECTORS.read_text())["cases"]
    audience = {
        case["id"] for case in cases if case["pure"] and case["steps"][0]["expect"].get("reason") == "proof_audience"
    }
    answers = {answer["id"]: answer["said"] for answer in map(json.loads, lines(java(tmp_path)))}
    assert audience
    assert all(answers[name] != {"reason": "proof_audience"} for name in audience)
