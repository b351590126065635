// The whole page: signed out, or at work.

import type { App } from "../app.ts";
import { advice, SIGN_IN } from "../texts.ts";
import { AgentView } from "./agent.tsx";
import { Header } from "./header.tsx";
import { Me } from "./me.tsx";
import { Notice } from "./notice.tsx";
import { Sidebar } from "./sidebar.tsx";

export function Console({ app }: { readonly app: App }) {
  const phase = app.session.phase.value;
  const isKept = phase.is === "out" && phase.why === "over" && app.who.value !== null;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>
        Skip to the content
      </a>
      <p class="sr-only" role="status">
        {app.said.value}
      </p>
      {phase.is === "in" || isKept ? <Work app={app} isOver={isKept} /> : <Door app={app} />}
    </>
  );
}

function Door({ app }: { readonly app: App }) {
  const phase = app.session.phase.value;
  if (phase.is !== "out") {
    return (
      <main class="card quiet" id="main" tabIndex={-1} aria-busy="true">
        <Mark />
        <p>{phase.is === "leaving" ? "Taking you to the sign-in page…" : "Signing you in…"}</p>
      </main>
    );
  }
  const text = phase.error === null ? null : SIGN_IN[phase.error.failing];
  return (
    <main class="card" id="main" tabIndex={-1}>
      <Mark />
      <h1>{phase.why === "ended" ? "You are signed out" : "Gatehouse"}</h1>
      <p class="lead">Talk to the agents behind {new URL(app.config.door).host}, as yourself.</p>
      {phase.why === "unfinished" && <p role="alert" class="notice warn">The sign-in was not finished. What you typed is kept.</p>}
      {phase.why === "over" && <p role="alert" class="notice warn">Your session is over. What you typed is kept.</p>}
      {text !== null && text !== undefined && (
        <div role="alert" class="notice bad">
          <p>
            <strong>{text.happened}</strong>
          </p>
          <p>{text.next}</p>
          {phase.error?.failing !== "return" && <p class="faint">{phase.error?.message}</p>}
        </div>
      )}
      <p>
        <button class="primary wide" type="button" onClick={() => void app.session.signIn()}>
          Sign in
        </button>
      </p>
      {app.laptop.value?.signInView(app)}
      <p class="faint">
        You sign in at <code>{new URL(app.config.issuer).host}</code>. This page keeps its tokens in memory only: it forgets them when
        you close it.
      </p>
    </main>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M8 26V14a8 8 0 0 1 16 0v12h-4V14a4 4 0 0 0-8 0v12z" />
    </svg>
  );
}

function Work({ app, isOver }: { readonly app: App; readonly isOver: boolean }) {
  return (
    <div class="frame">
      <Header app={app} />
      {isOver && (
        <div class="over" role="alert">
          <span>Your session is over. What you typed is kept.</span>
          <button class="primary" type="button" onClick={() => void app.session.signIn()}>
            Sign in again
          </button>
        </div>
      )}
      <div class="columns">
        <Sidebar app={app} />
        <Content app={app} />
      </div>
    </div>
  );
}

function Content({ app }: { readonly app: App }) {
  const place = app.place.value;
  const found = app.problem.value;
  if (found !== null && app.who.value === null) {
    const text = advice(found);
    return (
      <main class="page" id="main" tabIndex={-1}>
        <h1>{text.happened.replace(/\.$/, "")}</h1>
        <Notice problem={found} isTitled />
        <p class="faint">
          Tried: <code>GET {app.config.door}/whoami</code>
        </p>
        <pre tabIndex={0}>
          <code>{`curl -i ${app.config.door}/healthz`}</code>
        </pre>
        <button class="primary" type="button" onClick={() => void app.load()}>
          Try again
        </button>
      </main>
    );
  }
  if (app.who.value === null) {
    return (
      <main class="page" id="main" tabIndex={-1} aria-busy="true">
        <p class="faint">Asking the door who you are…</p>
      </main>
    );
  }
  if (place.at === "me") return <Me app={app} />;
  if (place.at === "access" && app.laptop.value !== null) return app.laptop.value.accessView(app);
  const agent = app.agent.value;
  if (agent === null) return <NoAgent app={app} />;
  return <AgentView app={app} agent={agent} key={agent.name} />;
}

function NoAgent({ app }: { readonly app: App }) {
  const who = app.who.value;
  return (
    <main class="page" id="main" tabIndex={-1}>
      {who?.agents.length === 0 ? (
        <>
          <h1>No agent admits you</h1>
          <p>
            You are signed in as <strong>{who.username ?? who.subject}</strong>, and no agent of this door is open to you. Show its operator
            what the door sees of you:
          </p>
          <Me app={app} isPart />
        </>
      ) : (
        <>
          <h1>Choose an agent</h1>
          <p>The list has the agents that admit you.</p>
        </>
      )}
    </main>
  );
}
