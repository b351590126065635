/** MCP client session at the agent's gateway, with the tool token of one request. */

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { addressFault } from "./address.js";
import { SettingsError } from "./settings.js";
import { toolHeaders } from "./turns.js";
import { VERSION } from "./version.js";

/** The time that the end of a session may take, in milliseconds. */
const END_TIMEOUT = 2_000;

/**
 * Opens a session at the gateway as the caller of this request, gives it to `use`, and ends it. The token is sent to the
 * gateway alone: a redirect is not followed.
 *
 * @param request What `caller` takes: the request, or its context.
 * @param gateway The address of the agent's MCP endpoint.
 * @throws {ToolTokenError} The request brought no tool token.
 */
export async function tools<T>(request: object, gateway: string, use: (session: Client) => T | Promise<T>): Promise<T> {
  const headers = toolHeaders(request);
  const fault = addressFault(gateway);
  if (fault !== undefined) throw new SettingsError([`the gateway's address ${fault}; write the address of its MCP endpoint`]);
  const transport = new StreamableHTTPClientTransport(new URL(gateway), { requestInit: { headers }, fetch: unredirected });
  const session = new Client({ name: "@gatehouse/agent", version: VERSION });
  try {
    await session.connect(transport);
    return await use(session);
  } finally {
    await ended(transport);
    await session.close();
  }
}

function unredirected(address: string | URL, init?: RequestInit): Promise<Response> {
  return fetch(address, { ...init, redirect: "manual" });
}

/** A server that does not end sessions, or not in time, ends this one by itself. */
async function ended(transport: StreamableHTTPClientTransport): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, END_TIMEOUT);
  });
  await Promise.race([transport.terminateSession().catch(() => undefined), late]);
  clearTimeout(timer);
}
