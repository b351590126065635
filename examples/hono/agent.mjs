/**
 * A Hono agent that greets its caller by the name that the door proves, and calls a tool as them.
 *
 *     npm install
 *     AGENT_CMD='node agent.mjs' make local
 */

import { serve } from "@hono/node-server";
import { Hono } from "hono";

import { caller, settingsFromEnvironment } from "@gatehouse/agent";
import { guard } from "@gatehouse/agent/hono";
import { tools } from "@gatehouse/agent/mcp";

const { GATEHOUSE_GATEWAY, HOST = "127.0.0.1", PORT = "8080" } = process.env;
const app = new Hono();

app.use(guard(settingsFromEnvironment(process.env)));

app.get("/ping", (context) => context.json({ status: "Healthy" }));

app.post("/invocations", async (context) => {
  const greeting = `Hello, ${caller(context).displayName}!`;
  const refund = { name: "billing___refund", arguments: { order: "A-1", amount: 500 } };
  const result = await tools(context, GATEHOUSE_GATEWAY, (gateway) => gateway.callTool(refund));
  return context.json({ greeting, answer: result.content[0].text });
});

serve({ fetch: app.fetch, hostname: HOST, port: Number(PORT) });
