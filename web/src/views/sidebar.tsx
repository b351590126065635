// The agents: those that admit the caller, and those that do not.

import type { Agent, App } from "../app.ts";

export function Sidebar({ app }: { readonly app: App }) {
  const agents = app.agents.value;
  const closed = agents.filter((agent) => !agent.admits);
  return (
    <nav class={app.isMenuOpen.value ? "sidebar open" : "sidebar"} id="sidebar" aria-label="Agents">
      <h2>Agents</h2>
      <ul>
        {agents
          .filter((agent) => agent.admits)
          .map((agent) => (
            <Entry app={app} agent={agent} key={agent.name} />
          ))}
      </ul>
      {app.who.value !== null && app.who.value.agents.length === 0 && <p class="faint">None admits you.</p>}
      {closed.length > 0 && (
        <>
          <h2>Not open to you</h2>
          <ul>
            {closed.map((agent) => (
              <Entry app={app} agent={agent} key={agent.name} />
            ))}
          </ul>
        </>
      )}
      {app.laptop.value?.sidebarView(app)}
    </nav>
  );
}

function Entry({ app, agent }: { readonly app: App; readonly agent: Agent }) {
  const place = app.place.value;
  const isHere = place.at === "agent" && place.name === agent.name;
  return (
    <li>
      <a href={`#/agents/${agent.name}`} aria-current={isHere ? "page" : undefined} class={agent.admits ? "" : "closed"}>
        <span class="name">{agent.name}</span>
        {agent.protocol !== null && <span class="tag">{agent.protocol}</span>}
        {!agent.admits && (
          <svg class="lock" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M4 7V5a4 4 0 0 1 8 0v2h1v7H3V7zm2 0h4V5a2 2 0 0 0-4 0z" />
          </svg>
        )}
      </a>
    </li>
  );
}
