"""Runs the lines that docs/identity.md gives for verifying an assertion, on each line of its input.

usage: verify_assertion.py LINES DOOR AGENT, where LINES is the file with those lines and nothing else.
Each line of input is {"assertion": text, "body": text}, and is answered with {"claims": ...} or {"error": ...}.
"""

import json
import sys

import jwt

lines, door, agent = sys.argv[1:]
known = {"DOOR": door, "AGENT": agent}
with open(lines, encoding="utf-8") as file:
    exec(compile(file.read(), lines, "exec"), known)

for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"claims": known["who_asks"](asked["assertion"], asked["body"].encode())}
    except (jwt.PyJWTError, KeyError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
