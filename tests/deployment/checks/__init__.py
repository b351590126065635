"""What must be true of every deployment. A check says what breaks it; nothing means that it holds."""

from collections.abc import Callable, Mapping

from checks import actions, callers, doors, methods, order, quotas, references, schemas, throttles
from deployment import Deployment

Check = Callable[[Deployment], list[str]]

# What a check is called -> the check.
ALL: Mapping[str, Check] = {
    "everything named is made": references.broken,
    "nothing waits for itself": order.circles,
    "what must come first comes first": order.sequence,
    "the registry takes all properties": schemas.broken,
    "quotas hold": quotas.broken,
    "callers name functions that are made and called": callers.broken,
    "methods stream in time": methods.integrations,
    "methods are protected": methods.protection,
    "other methods are refused": methods.refusals,
    "strangers have a function of their own": methods.separation,
    "strangers are slowed down": throttles.broken,
    "the authorizer is asked as it must be": methods.authorizer,
    "there is one way in": doors.broken,
    "actions exist": actions.broken,
}
