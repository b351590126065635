// The live picture: each hop of a request as an arrow between those who take part, and as a list that opens.

import { span } from "../texts.ts";
import { inOrder, NAMES, ORDER, TITLES, type Carries, type Hop } from "./hop.ts";

const COLUMN = 37;
const ROW = 24;
const HEAD = 84;
const MARGIN = 22;

export function Picture({ hops }: { readonly hops: readonly Hop[] }) {
  const sorted = inOrder(hops);
  if (sorted.length === 0) return <p class="faint">No hop of this request has been seen yet.</p>;
  return (
    <div class="picture">
      <Sequence hops={sorted} />
      <ol class="hops" aria-label="Hops of the request">
        {sorted.map((hop, index) => (
          <HopRow hop={hop} number={index + 1} key={hop.seq} />
        ))}
      </ol>
    </div>
  );
}

/** The list below says the same in words, so that this is for eyes alone. */
function Sequence({ hops }: { readonly hops: readonly Hop[] }) {
  const involved = ORDER.filter((name) => hops.some((hop) => hop.from === name || hop.to === name));
  const x = (name: string): number => MARGIN + Math.max(0, involved.indexOf(name)) * COLUMN;
  const width = MARGIN * 2 + (involved.length - 1) * COLUMN + 26;
  const height = HEAD + hops.length * ROW + 8;
  return (
    <svg class="sequence" width={width} viewBox={`0 0 ${String(width)} ${String(height)}`} aria-hidden="true">
      {involved.map((name) => (
        <g key={name}>
          <text class="actor" x={x(name)} y={HEAD - 12} transform={`rotate(-50 ${String(x(name))} ${String(HEAD - 12)})`}>
            {NAMES[name] ?? name}
          </text>
          <line class="life" x1={x(name)} x2={x(name)} y1={HEAD - 6} y2={height - 4} />
        </g>
      ))}
      {hops.map((hop, index) => (
        <Arrow from={x(hop.from)} to={x(hop.to)} y={HEAD + 10 + index * ROW} outcome={hop.outcome} number={index + 1} key={hop.seq} />
      ))}
    </svg>
  );
}

interface ArrowProperties {
  readonly from: number;
  readonly to: number;
  readonly y: number;
  readonly outcome: string;
  readonly number: number;
}

function Arrow({ from, to, y, outcome, number }: ArrowProperties) {
  const way = to >= from ? 1 : -1;
  const tip = to - way * 2;
  return (
    <g class={`arrow ${outcome}`}>
      <line x1={from} x2={tip} y1={y} y2={y} />
      {outcome === "ok" ? (
        <path d={`M${String(tip - way * 6)} ${String(y - 4)}L${String(tip)} ${String(y)}L${String(tip - way * 6)} ${String(y + 4)}`} />
      ) : (
        <path d={`M${String(tip - 4)} ${String(y - 4)}l8 8m0-8l-8 8`} />
      )}
      <circle cx={from} cy={y} r="7.5" />
      <text x={from} y={y + 3.2}>
        {number}
      </text>
    </g>
  );
}

function HopRow({ hop, number }: { readonly hop: Hop; readonly number: number }) {
  const failed = hop.checks.filter((check) => !check.ok);
  return (
    <li class={`hop ${hop.outcome}`}>
      <details open={hop.outcome !== "ok"}>
        <summary>
          <span class="number" aria-hidden="true">{number}</span>
          <span class="title">{TITLES[hop.hop] ?? hop.hop}</span>
          <span class="outcome">{hop.outcome}</span>
          {hop.ms !== null && <span class="ms">{span(hop.ms)}</span>}
        </summary>
        <p class="faint">
          {NAMES[hop.from] ?? hop.from} to {NAMES[hop.to] ?? hop.to}
          {hop.status !== null && `, status ${String(hop.status)}`}
        </p>
        {failed.length > 0 && <Checks checks={failed} />}
        {hop.checks.length > failed.length && <Checks checks={hop.checks.filter((check) => check.ok)} />}
        {hop.policies.map((policy) => (
          <figure class={policy.applied ? "policy applied" : "policy"} key={policy.id}>
            <figcaption>
              <code>{policy.id}</code> {policy.effect}
              {policy.applied ? ", applied" : ", did not apply"}
            </figcaption>
            <pre tabIndex={0}>{policy.text}</pre>
          </figure>
        ))}
        {hop.hop === "cedar" && hop.policies.every((policy) => !policy.applied) && (
          <p>No policy permits it, and what no policy permits is refused.</p>
        )}
        {hop.carries !== null && <Carried carries={hop.carries} />}
      </details>
    </li>
  );
}

function Checks({ checks }: { readonly checks: Hop["checks"] }) {
  return (
    <ul class="checks">
      {checks.map((check) => (
        <li class={check.ok ? "ok" : "refused"} key={check.name}>
          <strong>
            {check.ok ? "passed" : "failed"}: {check.name}
          </strong>
          {check.expected !== null && (
            <span>
              expected <code>{check.expected}</code>
            </span>
          )}
          {check.found !== null && (
            <span>
              found <code>{check.found}</code>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

const KINDS: Readonly<Record<string, string>> = {
  access_token: "The caller's access token",
  assertion: "The door's signed assertion",
  claims: "Claims that the trigger adds",
  tool_call: "The call",
  tool_token: "The tool token",
};

function Carried({ carries }: { readonly carries: Carries }) {
  return (
    <>
      <h3>{KINDS[carries.kind] ?? carries.kind}</h3>
      <dl class="claims">
        {Object.entries(carries.claims).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
