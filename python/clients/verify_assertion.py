"""Runs the lines that docs/identity.md gives for verifying a request, on each line of its input.

usage: verify_assertion.py LINES DOOR AGENT, where LINES is the file with those lines and nothing else.
Each line of input is {"assertion": text, "body": text}, and is answered with {"claims": ...} or {"error": ...}.
"""

import json
import sys
from pathlib import Path

# As it stands here: what is built of it is tested by `make kits`.
sys.path.insert(0, str(Path(__file__).parents[2] / "kits" / "python" / "src"))
from gatehouse_agent import IDENTITY_HEADER, RejectedError

lines, door, agent = sys.argv[1:]
known = {"DOOR": door, "AGENT": agent}
with open(lines, encoding="utf-8") as file:
    exec(compile(file.read(), lines, "exec"), known)

for line in sys.stdin:
    asked = json.loads(line)
    try:
        caller = known["who_asks"]([(IDENTITY_HEADER, asked["assertion"])], asked["body"].encode())
        claims = {"sub": caller.subject, "sub_issuer": caller.subject_issuer, "session": caller.session}
        answer = {"claims": {**claims, "username": caller.username}}
    except RejectedError as error:
        answer = {"error": error.reason}
    print(json.dumps(answer), flush=True)
