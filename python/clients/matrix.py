"""What the clients of the matrix share: `PROGRAM URL FORBIDDEN WATCH SCENARIO...`, with a token in the environment.

What the client's user sees of each scenario leaves as one JSON document. Those that wait are tried at once, and beside
them the others one after the other. At `WATCH` the agent tells when the call of the scenario `work` runs, so that its
client gives it up then.
"""

import asyncio
import json
import logging
import os
import sys
import time
import urllib.request

# 20 MB, as the agent sends them.
MUCH = 20_000_000
# Seconds after which a client is taken to wait for ever: more than any waits by itself.
FOR_EVER = 90
# Scenarios that do little but wait.
WAITING = ("pause", "silent", "work")


class Asked:
    """One scenario: where, with which headers, and the text that makes the agent perform it."""

    def __init__(self, client, scenario, url, token):
        self.client = client
        self.scenario = scenario
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        if scenario == "work":
            self.headers["X-Conversation-Id"] = client
        refused = scenario in ("forbidden", "unauthorized")
        self.what = f"scenario:{'plain' if refused else scenario}:{client}"

    async def given_up(self, watch):
        """Comes back when the call is to be given up."""
        address = f"{watch}/started/{self.client}"
        await asyncio.to_thread(lambda: urllib.request.urlopen(address).read())


def run(client, ask, cancel=None):
    """Runs `ask(asked)`, which gives the text of the agent's answer, or raises what its user would be shown.

    A call is given up by ending the task that waits for it, or by `cancel(asked)`.
    """
    logging.disable()
    url, forbidden, watch, *scenarios = sys.argv[1:]

    async def tried(scenario):
        address = forbidden if scenario == "forbidden" else url
        token = "not.a.token" if scenario == "unauthorized" else os.environ["SECRET"]
        asked = Asked(client, scenario, address, token)
        began = time.monotonic()
        said = await outcome(asked, watch)
        return scenario, {"said": said, "seconds": time.monotonic() - began}

    async def outcome(asked, watch):
        call = asyncio.create_task(ask(asked))
        giving_up = asyncio.create_task(give_up(asked, watch, call)) if asked.scenario == "work" else None
        try:
            async with asyncio.timeout(FOR_EVER):
                return answered(await call, asked.scenario)
        except TimeoutError:
            return "error: nothing, it waits"
        except asyncio.CancelledError:
            return "error: cancelled"
        except BaseException as error:
            return f"error: {describe(error)}"
        finally:
            if giving_up:
                giving_up.cancel()

    async def give_up(asked, watch, call):
        await asked.given_up(watch)
        if cancel:
            await cancel(asked)
        else:
            call.cancel()

    async def others():
        return [await tried(scenario) for scenario in scenarios if scenario not in WAITING]

    async def everything():
        waiting = [tried(scenario) for scenario in scenarios if scenario in WAITING]
        one_by_one, *at_once = await asyncio.gather(others(), *waiting)
        return dict(one_by_one + at_once)

    print(json.dumps(asyncio.run(everything())), flush=True)
    # Whatever a client has left running ends here.
    os._exit(0)


def answered(text, scenario):
    # How much of the answer had come when it was given up differs from run to run.
    if scenario == "work":
        return f"no error, ends with: {text}" if text.startswith("TASK_") else "no error"
    whole = len(text) >= MUCH if scenario == "long" else text.endswith("done")
    return "whole" if whole else f"no error, ends with: {text[-1000:]}"


def describe(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
