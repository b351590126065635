/**
 * A fetch handler that greets its caller by the name that the door proves, and calls a tool as them. The same handler is
 * an agent on Deno, Bun and Cloudflare Workers; on Node, `serve` stands between HTTP and the Fetch API.
 *
 *     npm install
 *     AGENT_CMD='node agent.mjs' make local
 */

import { serve } from "@hono/node-server";

import { caller, guard, settingsFromEnvironment } from "@gatehouse/agent";
import { tools } from "@gatehouse/agent/mcp";

const { GATEHOUSE_GATEWAY, HOST = "127.0.0.1", PORT = "8080" } = process.env;

async function answer(request) {
  if (new URL(request.url).pathname === "/ping") return Response.json({ status: "Healthy" });
  const greeting = `Hello, ${caller(request).displayName}!`;
  const refund = { name: "billing___refund", arguments: { order: "A-1", amount: 500 } };
  const result = await tools(request, GATEHOUSE_GATEWAY, (gateway) => gateway.callTool(refund));
  return Response.json({ greeting, answer: result.content[0].text });
}

serve({ fetch: guard(answer, settingsFromEnvironment(process.env)), hostname: HOST, port: Number(PORT) });
