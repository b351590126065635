"""What the client programs share: the secret comes by the environment, what was seen leaves as one JSON document."""

import asyncio
import json
import os
import sys


def bearer():
    """The headers of a caller who has a token."""
    return {"Authorization": f"Bearer {os.environ['SECRET']}"}


def run(journey):
    """Runs `journey(*arguments)` and prints what it returns."""
    seen = asyncio.run(journey(*sys.argv[1:]))
    print(json.dumps(seen), flush=True)
