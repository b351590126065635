// One agent: a conversation, or its tools.

import type { Agent, App } from "../app.ts";
import { Chat } from "./chat.tsx";
import { Tools } from "./tools.tsx";

export function AgentView({ app, agent }: { readonly app: App; readonly agent: Agent }) {
  if (!agent.admits) return <Closed app={app} agent={agent} />;
  if (agent.protocol === "mcp") return <Tools app={app} agent={agent} />;
  return <Chat app={app} agent={agent} />;
}

function Closed({ app, agent }: { readonly app: App; readonly agent: Agent }) {
  const who = app.who.value;
  return (
    <main class="page" id="main" tabIndex={-1}>
      <h1>{agent.name} does not admit you</h1>
      <p>
        The door knows you as <strong>{who?.username ?? who?.subject}</strong>
        {who?.groups !== null && who?.groups !== undefined && who.groups.length > 0 && (
          <>
            {" "}
            with the groups <code>{who.groups.join(", ")}</code>
          </>
        )}
        . Either there is no agent of this name, or it asks for a group, a scope, a client or an issuer that you do not have. The door does
        not tell callers which.
      </p>
      <p>
        Ask the door's operator. If your rights changed a moment ago, sign in again: a token says what was true when it was made.
      </p>
      <p class="actions">
        <button class="primary" type="button" onClick={() => void app.session.signIn()}>
          Sign in again
        </button>
        <button type="button" onClick={() => void app.load()}>
          Ask the door again
        </button>
      </p>
      {app.laptop.value?.closedView(app, agent.name)}
    </main>
  );
}
