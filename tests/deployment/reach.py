"""The functions that each parameter reaches, and how: computed by changing it, and kept in `reach.txt`."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from changes import CHANGES
from checks import callers
from deployment import Deployment

FILE = Path(__file__).parent / "reach.txt"
NOWHERE = "    no function\n"


def of(parameter: str, deployed: Callable[..., Deployment]) -> str:
    """What a parameter reaches, with what goes along with it, in words."""
    reached: dict[str, set[str]] = defaultdict(set)
    for change in CHANGES:
        if change.parameter == parameter:
            before, after = deployed(change.before, moment=1), deployed(change.after, moment=2)
            for function, names in callers.reach(before, after).items():
                reached[function] |= names
    rows = [f"    {function}: {' '.join(sorted(names))}\n" for function, names in sorted(reached.items())]
    return f"{parameter}\n{''.join(rows) or NOWHERE}"
