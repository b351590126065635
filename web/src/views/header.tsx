// The bar at the top: the door, and who is signed in.

import type { App } from "../app.ts";
import { Mark } from "./console.tsx";

export function Header({ app }: { readonly app: App }) {
  const who = app.who.value;
  const groups = who?.groups ?? [];
  return (
    <header class="bar">
      <button
        class="icon narrow-only"
        type="button"
        aria-label="Agents"
        aria-expanded={app.isMenuOpen.value}
        aria-controls="sidebar"
        onClick={() => { app.isMenuOpen.value = !app.isMenuOpen.value; }}
      >
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 5h14M3 10h14M3 15h14" /></svg>
      </button>
      <a class="brand" href="#/">
        <Mark />
        <span>Gatehouse</span>
      </a>
      <span class="host wide-only">{new URL(app.config.door).host}</span>
      <span class="grow" />
      {who !== null && (
        <a class="who" href="#/me">
          <span class="sr-only">Who I am: </span>
          <span class="avatar" aria-hidden="true">{initial(who.name ?? who.username ?? who.subject)}</span>
          <span class="who-text">
            <span class="who-name">{who.username ?? who.subject}</span>
            {groups.length > 0 && <span class="who-groups wide-only">{groups.slice(0, 3).join(", ")}</span>}
          </span>
        </a>
      )}
      <button type="button" onClick={() => void app.session.signOut()}>
        Sign out
      </button>
    </header>
  );
}

function initial(name: string): string {
  return [...name][0]?.toUpperCase() ?? "?";
}
