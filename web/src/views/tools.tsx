// An MCP server: its tools as they are open to the caller, and calls of them.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Agent, App } from "../app.ts";
import type { Called, Field, Tool } from "../door/mcp.ts";
import { problem, ProblemError, type Problem } from "../door/problem.ts";
import { TOOL_STATES } from "../texts.ts";
import { Id, Notice } from "./notice.tsx";

export function Tools({ app, agent }: { readonly app: App; readonly agent: Agent }) {
  const tools = useSignal<readonly Tool[] | null>(null);
  const found = useSignal<Problem | null>(null);
  const load = async (): Promise<void> => {
    tools.value = null;
    found.value = null;
    try {
      tools.value = await app.server(agent.name).tools();
    } catch (error) {
      found.value = problemOfError(error);
    }
  };
  useEffect(() => {
    void load();
  }, []);
  return (
    <main class="page" id="main" tabIndex={-1}>
      <div class="chat-head">
        <h1>{agent.name}</h1>
        <span class="grow" />
        <button type="button" onClick={() => void load()}>
          List again
        </button>
      </div>
      <p class="lead">An MCP server. It lists the tools that may be open to you; a policy decides on each call.</p>
      {found.value !== null && <Notice problem={found.value} />}
      {tools.value === null && found.value === null && <p class="faint" aria-busy="true">Asking for the tools…</p>}
      {tools.value?.length === 0 && (
        <div class="blank">
          <h2>No tool is open to you</h2>
          <p>The server has none, or its policies show you none.</p>
        </div>
      )}
      <ul class="tool-cards">
        {tools.value?.map((tool) => (
          <ToolCard app={app} agent={agent.name} tool={tool} key={tool.name} />
        ))}
      </ul>
    </main>
  );
}

function ToolCard({ app, agent, tool }: { readonly app: App; readonly agent: string; readonly tool: Tool }) {
  const called = useSignal<Called | null>(null);
  const found = useSignal<Problem | null>(null);
  const running = useSignal<AbortController | null>(null);
  const call = async (form: HTMLFormElement): Promise<void> => {
    called.value = null;
    found.value = null;
    const input = inputOf(form, tool.fields);
    if (input === null) {
      found.value = problem("not_json");
      return;
    }
    const stop = new AbortController();
    running.value = stop;
    try {
      called.value = await app.server(agent).call(tool.name, input, stop.signal);
      app.said.value = `${tool.name}: ${TOOL_STATES[called.value.state]}`;
    } catch (error) {
      if (!stop.signal.aborted) found.value = problemOfError(error);
    }
    running.value = null;
  };
  return (
    <li class="tool-card">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void call(event.currentTarget);
        }}
      >
        <h2>
          <code>{tool.name}</code>
        </h2>
        {tool.description !== null && <p dir="auto">{tool.description.slice(0, 1000)}</p>}
        {tool.fields.map((field) => (
          <FieldInput id={`${tool.name}.${field.name}`} field={field} key={field.name} />
        ))}
        <p class="actions">
          {running.value === null ? (
            <button class="primary" type="submit">
              Call<span class="sr-only"> {tool.name}</span>
            </button>
          ) : (
            <button class="stop" type="button" onClick={() => running.value?.abort()}>
              Stop
            </button>
          )}
        </p>
      </form>
      {found.value !== null && <Notice problem={found.value} />}
      {called.value !== null && <Result called={called.value} />}
      {called.value !== null && app.laptop.value?.requestView(called.value.requestId)}
    </li>
  );
}

function Result({ called }: { readonly called: Called }) {
  return (
    <div class={`result tool ${called.state}`}>
      <p>
        <span class="dot" aria-hidden="true" /> <span class="state">{TOOL_STATES[called.state]}</span>
      </p>
      <pre tabIndex={0}>{called.output.slice(0, 100_000)}</pre>
      {called.requestId !== null && <Id label="request" value={called.requestId} />}
    </div>
  );
}

function FieldInput({ id, field }: { readonly id: string; readonly field: Field }) {
  return (
    <div class="field">
      <label for={id}>
        {field.name}
        <span class="faint">
          {" "}
          {field.type}
          {field.required ? "" : ", optional"}
        </span>
      </label>
      {field.type === "boolean" && <input id={id} name={field.name} type="checkbox" />}
      {(field.type === "integer" || field.type === "number") && (
        <input id={id} name={field.name} type="number" step={field.type === "integer" ? 1 : "any"} required={field.required} />
      )}
      {(field.type === "string" || field.type === "json") && (
        <input id={id} name={field.name} type="text" required={field.required} autocomplete="off" spellcheck={false} />
      )}
      {field.description !== null && <p class="faint">{field.description.slice(0, 300)}</p>}
    </div>
  );
}

function inputOf(form: HTMLFormElement, fields: readonly Field[]): Record<string, unknown> | null {
  const input: Record<string, unknown> = {};
  for (const field of fields) {
    const element = form.elements.namedItem(field.name);
    if (!(element instanceof HTMLInputElement)) continue;
    if (field.type === "boolean") {
      input[field.name] = element.checked;
      continue;
    }
    if (element.value === "" && !field.required) continue;
    if (field.type === "string") input[field.name] = element.value;
    else {
      try {
        input[field.name] = JSON.parse(element.value);
      } catch {
        return null;
      }
    }
  }
  return input;
}

function problemOfError(error: unknown): Problem {
  return error instanceof ProblemError ? error.problem : problem("cut");
}
