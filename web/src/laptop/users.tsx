// The demonstration users: to be one of them, and to move one to finance.

import type { Laptop } from "./laptop.tsx";

export function Users({ laptop, current }: { readonly laptop: Laptop; readonly current: string | null }) {
  const state = laptop.state.value;
  if (state === null) return laptop.failed.value === null ? null : <p class="faint">{laptop.failed.value}</p>;
  return (
    <div class="users">
      {state.users.map((user) => (
        <div class="user" key={user.name}>
          <p>
            <strong>{user.name}</strong>{" "}
            <span class="faint">{user.department === null ? "guest at the tools" : `${user.department}, ${user.role ?? "no role"}`}</span>
          </p>
          <p class="password">
            <span class="faint">password</span> <code>{user.password}</code>
          </p>
          <p class="actions">
            {current !== user.name && (
              <button class="small" type="button" onClick={() => void laptop.become(user.name)}>
                As {user.name}
              </button>
            )}
            {user.name === "bob" && <Move laptop={laptop} isFinance={user.department !== null} />}
          </p>
        </div>
      ))}
      <p class="faint">
        The button copies the password, and the sign-in page asks for it. A move shows in the next tool token, after at most{" "}
        {state.toolTokenSeconds} seconds.
      </p>
      {laptop.failed.value !== null && <p role="alert" class="notice bad">{laptop.failed.value}</p>}
    </div>
  );
}

function Move({ laptop, isFinance }: { readonly laptop: Laptop; readonly isFinance: boolean }) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        checked={isFinance}
        onChange={(event) => void laptop.move("bob", event.currentTarget.checked)}
      />
      <span>bob is in finance</span>
    </label>
  );
}
