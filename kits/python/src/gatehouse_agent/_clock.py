"""Clocks: the wall clock and the monotonic clock. The only module that asks the system."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple


class Moment(NamedTuple):
    """A point in time, in seconds, on two clocks at once."""

    #: Since 1970. It may be set, also backwards.
    wall: float
    #: Since an unspecified start. It never goes back, but may stand still while the machine is suspended.
    steady: float

    def since(self, earlier: Moment) -> float:
        """The time since an earlier moment: what the clock says that saw more of it.

        A frozen container loses steady time and a corrected clock loses wall time; neither may make a thing look
        younger than it is.
        """
        return max(self.wall - earlier.wall, self.steady - earlier.steady, 0.0)


Clock = Callable[[], Moment]


def system_clock() -> Moment:
    """The system's clocks, now."""
    return Moment(time.time(), time.monotonic())
