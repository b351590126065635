"""For agents behind a Gatehouse door: who calls, as the door proves it, and their tools.

app = BedrockAgentCoreApp()
app.add_middleware(IdentityMiddleware, door=Door.from_env())

@app.entrypoint
def invoke(payload, context):
    return {"hello": caller(context).display_name}
"""

from ._asgi import IdentityMiddleware
from ._caller import Caller
from ._door import Door, UnverifiedWarning
from ._errors import (
    ConfigurationError,
    GatehouseError,
    NoCallerError,
    NoToolTokenError,
    ProofError,
    RejectedError,
    TooLargeError,
    UnavailableError,
)
from ._keys import KeyDocumentError, KeySet
from ._tools import tools
from ._turn import caller, tool_token
from ._verify import IDENTITY_HEADER, SESSION_HEADER, TOOL_TOKEN_HEADER, verify

__version__ = "0.0.0"

__all__ = [
    "IDENTITY_HEADER",
    "SESSION_HEADER",
    "TOOL_TOKEN_HEADER",
    "Caller",
    "ConfigurationError",
    "Door",
    "GatehouseError",
    "IdentityMiddleware",
    "KeyDocumentError",
    "KeySet",
    "NoCallerError",
    "NoToolTokenError",
    "ProofError",
    "RejectedError",
    "TooLargeError",
    "UnavailableError",
    "UnverifiedWarning",
    "caller",
    "tool_token",
    "tools",
    "verify",
]
