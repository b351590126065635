"""The agent of docs/local.md, as a newcomer saves and starts it."""

import time

from conftest import ROOT

MAX_LINES = 15


def test_fifteen_lines_greet_bob_by_name_and_policy_refuses_his_refund(start, tmp_path, report):
    section = (ROOT / "docs/local.md").read_text().split("\n## Your own agent\n")[1].split("\n## ")[0]
    agent = section.split("```python\n")[1].split("```")[0]
    lines = agent.splitlines()
    assert len(lines) <= MAX_LINES, len(lines)
    (tmp_path / "agent.py").write_text(agent)
    shown = section.split("```text\n")[1].split("```")[0].splitlines()
    stack = start(tmp_path)
    bob = stack.post("bob", "invocations", {"prompt": "my money, please"})
    seconds = time.monotonic() - stack.began
    alice = stack.post("alice", "invocations", {"prompt": "my money, please"})
    assert (bob.status_code, alice.status_code) == (200, 200), (bob.text, alice.text)
    assert [alice.json(), bob.json()] == shown
    # Around the door, there is no caller.
    assert stack.bypass("invocations", b"{}").status_code == 403
    took = f"{seconds:.1f} s after `local` was started"
    report(f"an agent of {len(lines)} lines greeted bob {took}; policy refused his refund")
