// One turn in the log.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { App } from "../app.ts";
import type { Conversation } from "../conversation.ts";
import { size, TOOL_STATES } from "../texts.ts";
import { type as typed } from "../drafts.ts";
import type { ToolLine, Turn } from "../turn.ts";
import { Notice } from "./notice.tsx";

interface Properties {
  readonly app: App;
  readonly conversation: Conversation;
  readonly turn: Turn;
}

export function TurnView({ app, conversation, turn }: Properties) {
  const answer = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    answer.current?.append(turn.body);
  }, [turn]);
  const status = turn.status.value;
  const tools = [...turn.tools.value, ...(app.laptop.value?.toolLines(turn) ?? [])];
  return (
    <article class="turn" aria-label={`You asked: ${turn.prompt.slice(0, 80)}`}>
      <div class="asked" dir="auto">
        {turn.prompt}
      </div>
      <div class="answered">
        {status === "waiting" && <Waiting since={turn.startedAt} />}
        <div ref={answer} class={status === "streaming" ? "growing" : ""} />
        {tools.length > 0 && (
          <ul class="tools" aria-label="Tool calls">
            {tools.map((line) => (
              <ToolRow line={line} key={line.id} />
            ))}
          </ul>
        )}
        {turn.isClipped.value && (
          <p class="notice warn">
            The answer is long: the page shows its first 256 kB of {size(turn.bytes.value)}.
          </p>
        )}
        {status === "stopped" && <p class="mark-line">Stopped here. The agent may still be working on it.</p>}
        <End app={app} conversation={conversation} turn={turn} />
      </div>
    </article>
  );
}

function End({ app, conversation, turn }: Properties) {
  const found = turn.problem.value;
  if (found === null) return null;
  const isLast = conversation.turns.value.at(-1) === turn && conversation.running.value === null;
  const isBusy = found.code === "conversation_busy" || found.code === "agent_busy" || found.code === "agent_silent";
  const actions = isLast ? (
    <>
      {turn.status.value === "resumable" && (
        <button class="primary" type="button" onClick={() => void conversation.resume(app.door)}>
          Resume
        </button>
      )}
      {isBusy && (
        <>
          <button type="button" onClick={() => void conversation.end(app.door)}>
            End the conversation
          </button>
          <button type="button" onClick={() => { conversation.fresh(); }}>
            New conversation
          </button>
        </>
      )}
      {(found.code === "unauthorized" || found.code === "signed_out" || found.code === "forbidden") && (
        <button class="primary" type="button" onClick={() => void app.session.signIn()}>
          Sign in again
        </button>
      )}
      {turn.firstAt.value !== null && turn.status.value === "failed" && (
        <button type="button" onClick={() => { typed(turn.agent, turn.prompt); document.getElementById("prompt")?.focus(); }}>
          Edit and ask again
        </button>
      )}
    </>
  ) : undefined;
  return (
    <Notice problem={found} tone={turn.status.value === "resumable" ? "warn" : "bad"}>
      {actions}
    </Notice>
  );
}

export function ToolRow({ line }: { readonly line: ToolLine }) {
  return (
    <li class={`tool ${line.state}`}>
      <details>
        <summary>
          <span class="dot" aria-hidden="true" />
          <code>{line.name}</code>
          <span class="state">{TOOL_STATES[line.state]}</span>
        </summary>
        {line.input !== "" && (
          <>
            <h3>Input</h3>
            <pre tabIndex={0}>{line.input}</pre>
          </>
        )}
        {line.output !== "" && (
          <>
            <h3>{line.state === "refused" || line.state === "undecided" ? "Reason" : "Result"}</h3>
            <pre tabIndex={0}>{line.output}</pre>
          </>
        )}
      </details>
    </li>
  );
}

function Waiting({ since }: { readonly since: number }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      setSeconds(Math.floor((Date.now() - since) / 1000));
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [since]);
  return (
    <p class="waiting">
      <span class="pulse" aria-hidden="true" /> thinking{seconds >= 3 ? `, ${String(seconds)} s` : ""}
    </p>
  );
}
