/**
 * An Express agent that greets its caller by the name that the door proves, and calls a tool as them.
 *
 *     npm install
 *     AGENT_CMD='node agent.mjs' make local
 */

import express from "express";

import { caller, settingsFromEnvironment } from "@gatehouse/agent";
import { guard } from "@gatehouse/agent/express";
import { tools } from "@gatehouse/agent/mcp";

const { GATEHOUSE_GATEWAY, HOST = "127.0.0.1", PORT = "8080" } = process.env;
const app = express();

// It reads the bodies itself, so it takes the place of `express.json()`.
app.use(guard(settingsFromEnvironment(process.env)));

app.get("/ping", (_request, response) => response.json({ status: "Healthy" }));

app.post("/invocations", async (request, response) => {
  const greeting = `Hello, ${caller(request).displayName}!`;
  const refund = { name: "billing___refund", arguments: { order: "A-1", amount: 500 } };
  const result = await tools(request, GATEHOUSE_GATEWAY, (gateway) => gateway.callTool(refund));
  response.json({ greeting, answer: result.content[0].text });
});

app.listen(Number(PORT), HOST);
