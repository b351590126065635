// The caller as the door sees them, and the expiry of their token.

import { useEffect, useState } from "preact/hooks";

import type { App } from "../app.ts";
import { clock, span } from "../texts.ts";

export function Me({ app, isPart = false }: { readonly app: App; readonly isPart?: boolean }) {
  const who = app.who.value;
  if (who === null) return null;
  const list = (values: readonly string[] | null) =>
    values === null ? <span class="faint">not stated</span> : values.length === 0 ? <span class="faint">none</span> : (
      <ul class="chips">{values.map((value) => <li key={value}>{value}</li>)}</ul>
    );
  const facts = (
    <dl class="facts-list">
      <dt>Name</dt>
      <dd>{who.name ?? who.username ?? <span class="faint">not stated</span>}</dd>
      {who.email !== null && (
        <>
          <dt>E-mail</dt>
          <dd>{who.email}</dd>
        </>
      )}
      <dt>Subject</dt>
      <dd><code>{who.subject}</code></dd>
      <dt>Issuer</dt>
      <dd><code>{who.issuer}</code></dd>
      <dt>Client</dt>
      <dd>{who.client === null ? <span class="faint">not stated</span> : <code>{who.client}</code>}</dd>
      <dt>Groups</dt>
      <dd>{list(who.groups)}</dd>
      <dt>Scopes</dt>
      <dd>{list(who.scopes)}</dd>
      <dt>Agents</dt>
      <dd>{list(who.agents)}</dd>
      <dt>Access token</dt>
      <dd><Expiry app={app} /></dd>
    </dl>
  );
  if (isPart) return facts;
  return (
    <main class="page" id="main" tabIndex={-1}>
      <h1>Who I am</h1>
      <p class="lead">This is what the door verified in your token and goes by, not what a page says.</p>
      {facts}
      <p class="faint">
        The page renews the access token by itself. Agents and tools see your groups as they were when the token was made: sign in again
        after a change.
      </p>
    </main>
  );
}

function Expiry({ app }: { readonly app: App }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const expires = app.session.expires.value;
  if (expires === null) return <span class="faint">none</span>;
  return (
    <>
      until {clock(expires)}, {expires > now ? `in ${span(Math.round((expires - now) / 1000) * 1000)}` : "renewed with the next request"}
    </>
  );
}
