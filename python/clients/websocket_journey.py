"""`websocket_journey.py URL`: what is said to an agent over a WebSocket, or with which status that is refused."""

import json

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from report import run


async def journey(url):
    try:
        async with connect(url) as socket:
            heard = []
            for word in ("good", "day"):
                await socket.send(word)
                heard.append(json.loads(await socket.recv()))
            return {"heard": heard}
    except InvalidStatus as error:
        return {"refused": error.response.status_code}


run(journey)
