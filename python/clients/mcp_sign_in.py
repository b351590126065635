"""`mcp_sign_in.py URL CLIENT USER`: the official MCP client finds out by itself where tokens for the URL come from.

It knows its client id, and its user types a password into the sign-in page, as the browser would have them do.
"""

import os
import re
from urllib.parse import parse_qs, urlparse

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata

from report import run

CALLBACK = "http://127.0.0.1:12345/callback"


class Storage:
    """Knows the client and forgets the tokens with the program."""

    def __init__(self, client):
        self.client = OAuthClientInformationFull(client_id=client, token_endpoint_auth_method="none")
        self.tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        raise AssertionError("nobody registers a client here")


class Browser:
    """Goes through the sign-in page."""

    def __init__(self, user):
        self.user = user
        self.asked = {}
        self.back = {}

    async def open(self, url):
        self.asked = parse_qs(urlparse(url).query)
        async with httpx2.AsyncClient(follow_redirects=True) as http:
            page = await http.get(url)
            if "_csrf" not in page.text:
                raise AssertionError(f"no sign-in page at {url}: {page.status_code} {page.text}")
            csrf = re.search('name="_csrf" value="([^"]+)"', page.text)
            form = {"_csrf": csrf[1], "username": self.user, "password": os.environ["SECRET"]}
            answer = await http.post(page.url, data=form, follow_redirects=False)
        self.back = parse_qs(urlparse(answer.headers["location"]).query)

    async def result(self):
        return AuthorizationCodeResult(code=self.back["code"][0], state=self.back["state"][0])


async def journey(url, client, user):
    browser, storage, asked = Browser(user), Storage(client), []

    async def note(request):
        asked.append(f"{request.method} {request.url}")

    metadata = OAuthClientMetadata(redirect_uris=[CALLBACK], token_endpoint_auth_method="none")
    auth = OAuthClientProvider(url, metadata, storage, browser.open, browser.result)
    async with httpx2.AsyncClient(auth=auth, timeout=30, event_hooks={"request": [note]}) as http:
        async with Client(streamable_http_client(url, http_client=http), mode="legacy") as client:
            listed = await client.list_tools()
            return {
                "asked": asked,
                "resource": browser.asked["resource"][0],
                "tools": sorted(tool.name for tool in listed.tools),
            }


run(journey)
