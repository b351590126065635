/** An Express agent that greets its caller by the name that the door proves. */

import express from "express";

import { caller, settingsFromEnvironment } from "@gatehouse/agent";
import { guard } from "@gatehouse/agent/express";

const app = express();

// AgentCore asks `GET /ping`, which is open. Every other request needs the door's assertion.
app.use(guard(settingsFromEnvironment(process.env)));

app.get("/ping", (_request, response) => {
  response.json({ status: "Healthy" });
});

app.post("/invocations", (request, response) => {
  // The name is for reading. Decide by `subject` and `subjectIssuer`, or by `groups`.
  const { displayName } = caller(request);
  const { prompt } = request.body as { prompt?: unknown };
  response.json({ greeting: `Hello, ${displayName}!`, prompt });
});

const server = app.listen(Number(process.env["PORT"] ?? 8080), () => {
  const address = server.address();
  if (typeof address === "object") console.log(`listening on port ${address?.port}`);
});
