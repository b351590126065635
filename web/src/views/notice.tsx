// A problem: what happened, what to do next, and the id by which its reason is found.

import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

import type { Problem } from "../door/problem.ts";
import { advice } from "../texts.ts";

interface Properties {
  readonly problem: Problem;
  readonly children?: ComponentChildren;
  readonly tone?: "bad" | "warn";
  /** Whether a heading above says what happened */
  readonly isTitled?: boolean;
}

export function Notice({ problem, children, tone = "bad", isTitled = false }: Properties) {
  const text = advice(problem);
  return (
    <div class={`notice ${tone}`}>
      <p>
        {!isTitled && <strong>{text.happened} </strong>}
        {text.next}
      </p>
      {problem.code === "agent_error" && problem.title !== null && <p class="quote">{problem.title}</p>}
      {problem.limit !== null && (
        <p>
          The limit is <code>{problem.limit}</code>.
        </p>
      )}
      <p class="facts">
        <code>{problem.code}</code>
        {problem.status !== null && <span>status {problem.status}</span>}
        {problem.requestId !== null && <Id label="request" value={problem.requestId} />}
        {problem.retryAfter !== null && <Countdown seconds={problem.retryAfter} />}
      </p>
      {children !== undefined && <p class="actions">{children}</p>}
    </div>
  );
}

/** An id, and a button that copies it. */
export function Id({ label, value }: { readonly label: string; readonly value: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      // Not allowed here: the id can be selected.
    }
  };
  return (
    <span class="id">
      {label} <code>{value}</code>
      <button class="small" type="button" aria-label={`Copy the ${label} id`} onClick={() => void copy()}>
        {isCopied ? "Copied" : "Copy"}
      </button>
    </span>
  );
}

function Countdown({ seconds }: { readonly seconds: number }) {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => {
      setLeft((before) => Math.max(0, before - 1));
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <span>{left > 0 ? `again in ${String(left)} s` : "you can try again"}</span>;
}
