"""The whole intelligence of the stand-ins for models: `refund 500` asks for a tool, its result is repeated."""

import re

TOOL = "refund"
NO_TOOL = "There is no such tool for this caller."


def wish(prompt: str) -> dict[str, object] | None:
    """The arguments of the refund that a prompt asks for."""
    found = re.fullmatch(r"refund (\d+)", prompt.strip())
    return {"order": "A-1", "amount": int(found[1])} if found else None


def tool_of(names: list[str]) -> str | None:
    """The tool that refunds, whatever stands before its name."""
    return next((name for name in names if name.endswith(TOOL)), None)
