// A conversation: the log and the composer.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import type { Agent, App } from "../app.ts";
import type { Conversation } from "../conversation.ts";
import type { Form } from "../door/ask.ts";
import { draft, type as typed } from "../drafts.ts";
import { advice } from "../texts.ts";
import { Notice } from "./notice.tsx";
import { Panel } from "./panel.tsx";
import { TurnView } from "./turn.tsx";

export function Chat({ app, agent }: { readonly app: App; readonly agent: Agent }) {
  const conversation = app.conversation(agent);
  const turns = conversation.turns.value;
  const running = conversation.running.value;
  return (
    <>
      <main class="chat" id="main" tabIndex={-1} aria-label={`Conversation with ${agent.name}`}>
        <div class="chat-head">
          <h1>{agent.name}</h1>
          {conversation.id.value !== null && (
            <span class="faint wide-only" title={conversation.id.value}>
              conversation {conversation.id.value.slice(0, 8)}
            </span>
          )}
          <span class="grow" />
          <button type="button" disabled={turns.length === 0} onClick={() => { conversation.fresh(); }}>
            New
          </button>
          <button type="button" disabled={conversation.id.value === null} onClick={() => void conversation.end(app.door)}>
            End
          </button>
          <button
            class="panel-toggle"
            type="button"
            aria-expanded={app.isPanelOpen.value}
            aria-controls="panel"
            onClick={() => { app.isPanelOpen.value = !app.isPanelOpen.value; }}
          >
            This turn
          </button>
        </div>
        <Log app={app} conversation={conversation} />
        {conversation.problem.value !== null && <Notice problem={conversation.problem.value} />}
        <Composer app={app} agent={agent} conversation={conversation} isRunning={running !== null} />
      </main>
      <Panel app={app} turn={turns.at(-1) ?? null} />
    </>
  );
}

/** Follows the answer only while its end is in sight: who scrolls up reads. */
function Log({ app, conversation }: { readonly app: App; readonly conversation: Conversation }) {
  const log = useRef<HTMLDivElement>(null);
  const turns = conversation.turns.value;
  useLayoutEffect(() => {
    const element = log.current;
    const inner = element?.firstElementChild;
    if (!element || !inner) return;
    let isAtEnd = true;
    const scrolled = (): void => {
      isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 48;
    };
    const follow = new ResizeObserver(() => {
      if (isAtEnd) element.scrollTop = element.scrollHeight;
    });
    element.addEventListener("scroll", scrolled, { passive: true });
    follow.observe(inner);
    return () => {
      element.removeEventListener("scroll", scrolled);
      follow.disconnect();
    };
  }, [turns.length === 0]);
  if (turns.length === 0) return <Empty app={app} conversation={conversation} />;
  return (
    <div
      class="log"
      role="log"
      aria-live="off"
      aria-label="Conversation"
      aria-busy={conversation.running.value !== null}
      tabIndex={0}
      ref={log}
    >
      <div class="turns">
        {turns.map((turn) => (
          <TurnView app={app} conversation={conversation} turn={turn} key={turn.id} />
        ))}
      </div>
    </div>
  );
}

const EXAMPLES = ["Who am I?", "tools", "refund 500", "notices"];

function Empty({ app, conversation }: { readonly app: App; readonly conversation: Conversation }) {
  const isDemo = app.laptop.value !== null;
  return (
    <div class="log empty">
      <div>
        <h2>Ask {conversation.agent} something</h2>
        <p>
          The agent learns who you are from the door, not from what you write. Its answer appears here as it is made.
        </p>
        {isDemo && (
          <ul class="examples" aria-label="Examples">
            {EXAMPLES.map((example) => (
              <li key={example}>
                <button type="button" onClick={() => { typed(conversation.agent, example); void submit(app, conversation); }}>
                  {example}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

async function submit(app: App, conversation: Conversation): Promise<void> {
  app.said.value = "Asked. The agent is answering.";
  const turn = await conversation.send(app.door);
  if (turn === null) {
    app.said.value = "";
    return;
  }
  const found = turn.problem.value;
  app.said.value = found === null ? (turn.status.value === "stopped" ? "Stopped." : "The answer is complete.") : advice(found).happened;
}

interface ComposerProperties {
  readonly app: App;
  readonly agent: Agent;
  readonly conversation: Conversation;
  readonly isRunning: boolean;
}

function Composer({ app, agent, conversation, isRunning }: ComposerProperties) {
  const text = draft(agent.name);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a narrow screen the keyboard would cover the page.
    if (matchMedia("(min-width: 60rem)").matches) box.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${String(Math.min(element.scrollHeight + 2, 240))}px`;
  }, [text.value]);
  const send = (): void => {
    void submit(app, conversation);
    box.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="sr-only" for="prompt">
        Message to {agent.name}
      </label>
      <textarea
        id="prompt"
        ref={box}
        rows={1}
        placeholder={conversation.form.value === "raw" ? '{"any": "JSON"}' : `Ask ${agent.name}`}
        value={text.value}
        onInput={(event) => { typed(agent.name, event.currentTarget.value); }}
        onKeyDown={(event) => {
          // Enter that ends a composition of an input method sends nothing.
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            send();
          }
          if (event.key === "Escape") conversation.stop();
        }}
      />
      <div class="composer-row">
        {agent.protocol !== "a2a" && <FormChoice conversation={conversation} />}
        <span class="hint wide-only">Enter sends, Shift + Enter begins a line{isRunning ? ", Esc stops" : ""}</span>
        <span class="grow" />
        {isRunning ? (
          <button class="stop" type="button" onClick={() => { conversation.stop(); box.current?.focus(); }}>
            Stop
          </button>
        ) : (
          <button class="primary" type="submit" disabled={text.value.trim() === ""}>
            Send
          </button>
        )}
      </div>
    </form>
  );
}

/** The door cannot tell AG-UI from other HTTP agents, so the caller says it. */
function FormChoice({ conversation }: { readonly conversation: Conversation }) {
  return (
    <label class="form-choice">
      <span>Sent as</span>
      <select
        value={conversation.form.value}
        onChange={(event) => { conversation.form.value = event.currentTarget.value as Form; }}
      >
        <option value="prompt">prompt</option>
        <option value="agui">AG-UI</option>
        <option value="raw">raw JSON</option>
      </select>
    </label>
  );
}
