"""Limits of requests a second: every method has one, and those that strangers may call have a lower one."""

from api import Method, methods
from checks.methods import open_methods
from deployment import Deployment

EVERY = ("/*", "*")
LIMITS = ("ThrottlingRateLimit", "ThrottlingBurstLimit")


def broken(deployment: Deployment) -> list[str]:
    """Methods without a limit, and open ones whose limit is not a lower one."""
    faults = []
    listed = open_methods()
    for stage in deployment.of_kind("AWS::ApiGateway::Stage"):
        settings = {
            (one["ResourcePath"], one["HttpMethod"]): one
            for one in stage.properties.get("MethodSettings", [])
        }
        general = settings.get(EVERY, {})
        known = {EVERY, *map(_key, methods(deployment))}
        faults.extend(
            f"{stage}: a limit for {path} {name}, which is no method"
            for path, name in settings.keys() - known
        )
        for limit in LIMITS:
            if limit not in general:
                faults.append(f"{stage}: there is no {limit}")
                continue
            for method in methods(deployment):
                own = settings.get(_key(method), {}).get(limit)
                if str(method) in listed and (own is None or own >= general[limit]):
                    faults.append(f"{method}: its {limit} is {own}, and {general[limit]} that of callers")
    return faults


def _key(method: Method) -> tuple[str, str]:
    """A method as a stage's settings name it: slashes but the first are ~1 ("AWS::ApiGateway::Stage
    MethodSetting", CloudFormation reference)."""
    return "/" + method.path.replace("/", "~1"), method.name
