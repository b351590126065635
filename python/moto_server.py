"""moto on a free port, which the first line printed names; it ends with its input."""

import logging
import sys

from moto.bedrockagentcorecontrol.models import Gateway
from moto.moto_api import state_manager
from moto.server import ThreadedMotoServer

# moto leaves a gateway that was updated in UPDATING for ever; the service makes it READY.
created = Gateway.__init__


def create(self, *args, **kwargs):
    created(self, *args, **kwargs)
    self._transitions = [*self._transitions, ("UPDATING", "READY")]


Gateway.__init__ = create
state_manager.set_transition(
    model_name="bedrock-agentcore-control::gateway",
    transition={"progression": "manual", "times": 1},
)

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(f"listening on {server.get_host_and_port()[1]}", flush=True)
sys.stdin.read()
server.stop()
