// Panel with the facts of the last turn.

import { useState } from "preact/hooks";

import type { App } from "../app.ts";
import { size, span } from "../texts.ts";
import type { Turn } from "../turn.ts";
import { Id } from "./notice.tsx";

const STATUS = {
  done: "complete",
  failed: "failed",
  resumable: "can be resumed",
  stopped: "stopped",
  streaming: "answering",
  waiting: "asked",
} as const;

export function Panel({ app, turn }: { readonly app: App; readonly turn: Turn | null }) {
  return (
    <aside class={app.isPanelOpen.value ? "panel open" : "panel"} id="panel" aria-label="This turn">
      <h2>This turn</h2>
      {turn === null ? <p class="faint">Nothing was asked yet.</p> : <Facts app={app} turn={turn} />}
      {turn !== null && (app.laptop.value?.pictureView(app, turn) ?? <Cloud />)}
    </aside>
  );
}

function Facts({ app, turn }: { readonly app: App; readonly turn: Turn }) {
  const { firstAt, endedAt, bytes, requestId, status } = turn;
  return (
    <>
      <dl class="facts-list tight">
        <dt>Status</dt>
        <dd>{STATUS[status.value]}</dd>
        {firstAt.value !== null && (
          <>
            <dt>First piece</dt>
            <dd>{span(firstAt.value - turn.startedAt)}</dd>
          </>
        )}
        {endedAt.value !== null && (
          <>
            <dt>Whole</dt>
            <dd>{span(endedAt.value - turn.startedAt)}</dd>
            <dt>Received</dt>
            <dd>{size(bytes.value)}</dd>
          </>
        )}
      </dl>
      {requestId.value !== null && <Id label="request" value={requestId.value} />}
      {turn.events.value.length > 0 && <Raw events={turn.events.value} isFolded={app.laptop.value !== null} />}
    </>
  );
}

function Raw({ events, isFolded }: { readonly events: readonly string[]; readonly isFolded: boolean }) {
  const [isOpen, setOpen] = useState(!isFolded);
  return (
    <details class="raw" open={isOpen} onToggle={(event) => { setOpen(event.currentTarget.open); }}>
      <summary>Events as they came ({events.length})</summary>
      {isOpen && (
        <ol tabIndex={0} aria-label="Events">
          {events.map((event, index) => (
            <li key={index}>
              <code>{event}</code>
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}

function Cloud() {
  return (
    <p class="faint">
      A deployed door tells its callers no more than this. The reason of a refusal is in its log, under the request id.
    </p>
  );
}
