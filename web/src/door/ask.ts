// Requests to agents, by protocol.

export type Form = "a2a" | "agui" | "prompt" | "raw";

export interface Asked {
  readonly path: string;
  readonly body: string;
}

/** A message of an earlier turn, as AG-UI has it. */
export interface Message {
  readonly id: string;
  readonly role: "assistant" | "user";
  readonly content: string;
}

/** The request of one turn. `raw` is the body itself, which must be JSON. */
export function asked(agent: string, form: Form, text: string, conversation: string | null, earlier: readonly Message[] = []): Asked {
  const id = crypto.randomUUID();
  switch (form) {
    case "prompt":
      return { path: `/agents/${agent}/invocations`, body: JSON.stringify({ prompt: text }) };
    case "agui":
      return {
        path: `/agents/${agent}/invocations`,
        // RunAgentInput (docs.ag-ui.com, core types).
        body: JSON.stringify({
          threadId: conversation ?? id,
          runId: id,
          state: {},
          // The client's side keeps the messages: an agent may have no memory of the thread.
          messages: [...earlier, { id, role: "user", content: text }],
          tools: [],
          context: [],
          forwardedProps: {},
        }),
      };
    case "a2a": {
      // A2A 0.3, which servers of 1.0 still take (a2a-protocol.org, message/stream).
      const message = {
        kind: "message",
        messageId: id,
        role: "user",
        parts: [{ kind: "text", text }],
        ...(conversation === null ? {} : { contextId: conversation }),
      };
      const body = { jsonrpc: "2.0", id, method: "message/stream", params: { message } };
      return { path: `/agents/${agent}/a2a`, body: JSON.stringify(body) };
    }
    case "raw":
      return { path: `/agents/${agent}/invocations`, body: text };
  }
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
