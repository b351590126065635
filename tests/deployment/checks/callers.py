"""Changes that take effect: what is called runs what was deployed last."""

from deployment import Deployment, Resource
from functions import FUNCTION, LATEST, calls, functions, runs


def broken(deployment: Deployment) -> list[str]:
    """Names of functions, aliases and versions that nothing makes, and functions that nothing calls."""
    known = functions(deployment)
    called = list(calls(deployment))
    faults = [
        f"nothing calls {function}"
        for function in deployment.of_kind(FUNCTION)
        if function not in [known.get(call.function) for call in called]
    ]
    for call in called:
        if call.function not in known:
            faults.append(f"{call.caller} calls `{call.function}`, which is no function of the deployment")
        elif (target := runs(deployment, call)[0]).startswith("nothing"):
            faults.append(f"{call.caller} calls {call.function}: {target}")
    return faults


def reach(before: Deployment, after: Deployment) -> dict[str, set[str]]:
    """What differs between two deployments of the same functions: variables by name, and other properties."""
    old, new = (_configured(deployment) for deployment in (before, after))
    differences = {}
    for name in old.keys() & new.keys():
        variables, others = _split(old[name]), _split(new[name])
        differing = {key for key in variables.keys() | others.keys() if variables.get(key) != others.get(key)}
        if differing:
            differences[name] = differing
    return differences


def stale(before: Deployment, after: Deployment) -> list[str]:
    """Callers that go on to run a function as it was before the second deployment."""
    changed = reach(before, after)
    known = functions(after)
    faults = []
    for call in calls(after):
        function = known.get(call.function)
        if function is None or function.name not in changed:
            continue
        target = runs(after, call)
        if target[0] != LATEST and target == runs(before, call):
            variables = ", ".join(sorted(changed[function.name]))
            faults.append(f"{call.caller} goes on to run {target[0]}, without the new {variables}")
    return [*faults, *_undeployed(before, after)]


def _undeployed(before: Deployment, after: Deployment) -> list[str]:
    """A stage serves what its deployment has copied from the API, and not the API."""
    [old, new] = (
        [one.properties for one in each.of_kind("AWS::ApiGateway::RestApi")] for each in (before, after)
    )
    [was, now] = (
        [one.name for one in each.of_kind("AWS::ApiGateway::Deployment")] for each in (before, after)
    )
    return ["the API changes and its stage goes on to serve what it was"] if old != new and was == now else []


def _configured(deployment: Deployment) -> dict[str, Resource]:
    return {function.name: function for function in functions(deployment).values()}


def _split(function: Resource) -> dict[str, object]:
    properties = dict(function.properties)
    variables = properties.pop("Environment", {}).get("Variables", {})
    # Names of variables are in capitals, those of properties are not.
    return properties | variables
