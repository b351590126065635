"""Deployments of the templates as they are, made once each."""

from collections.abc import Mapping
from functools import cache

from deployment import Deployment
from templates import texts


def deployed(
    given: Mapping[str, str], name: str = "gatehouse", moment: int = 0, build: str = "1"
) -> Deployment:
    """What `Deployment` makes of the templates. Shared by all callers, which only read it."""
    return _deployed(tuple(sorted(given.items())), name, moment, build)


@cache
def _deployed(given: tuple[tuple[str, str], ...], name: str, moment: int, build: str) -> Deployment:
    return Deployment(texts(), dict(given), name=name, moment=moment, build=build)
