// Access tables: callers by agents and by tools, with the policies behind each cell.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Laptop } from "./laptop.tsx";
import { parseAccess, type Access, type Cell, type Row } from "./state.ts";

const OUTCOMES: Readonly<Record<string, string>> = {
  allowed: "allowed",
  depends: "depends on the input",
  refused: "refused",
  unknown: "could not be asked",
};

export function AccessPage({ laptop }: { readonly laptop: Laptop }) {
  const access = useSignal<Access | null>(null);
  const load = async (): Promise<void> => {
    access.value = parseAccess(await laptop.access());
  };
  // A user who moved may call something else.
  useEffect(() => {
    void load();
  }, [laptop.state.value]);
  const found = access.value;
  return (
    <main class="page wide-page" id="main" tabIndex={-1}>
      <h1>Who may call what</h1>
      <p class="lead">
        The door answers for the agents, and the engine that decides in the tool gateway answers for the tools.
      </p>
      {laptop.failed.value !== null && <p role="alert" class="notice bad">{laptop.failed.value}</p>}
      {found !== null && (
        <>
          <Matrix title="Agents" access={found} rows={found.agents} />
          <Matrix title="Tools" access={found} rows={found.tools} />
        </>
      )}
      <button type="button" onClick={() => void load()}>
        Ask again
      </button>
    </main>
  );
}

function Matrix({ title, access, rows }: { readonly title: string; readonly access: Access; readonly rows: readonly Row[] }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={title}>
      <table class="matrix">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{title === "Agents" ? "agent" : "tool"}</th>
            {access.callers.map((caller) => (
              <th scope="col" key={caller}>{caller}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row"><code>{row.name}</code></th>
              {access.callers.map((caller) => (
                <td key={caller}>
                  <Decision access={access} cell={row.cells.find((cell) => cell.caller === caller)} isTool={title === "Tools"} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface DecisionProperties {
  readonly access: Access;
  readonly cell: Cell | undefined;
  readonly isTool: boolean;
}

function Decision({ access, cell, isTool }: DecisionProperties) {
  if (cell === undefined) return <span class="faint">not known</span>;
  const word = <span class={`outcome ${cell.outcome}`}>{OUTCOMES[cell.outcome] ?? cell.outcome}</span>;
  if (!isTool) return word;
  if (cell.policies.length === 0) return <>{word} <span class="faint">no policy permits it</span></>;
  return (
    <details>
      <summary>{word}</summary>
      {cell.policies.map((id) => (
        <figure class="policy applied" key={id}>
          <figcaption><code>{id}</code> {access.policies.get(id)?.effect}</figcaption>
          <pre tabIndex={0}>{access.policies.get(id)?.text ?? ""}</pre>
        </figure>
      ))}
    </details>
  );
}
