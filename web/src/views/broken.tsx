// The page without usable settings.

export function Broken({ why }: { readonly why: string }) {
  return (
    <main class="card" id="main">
      <h1>The console is not set up</h1>
      <p>
        It reads its settings from <code>config.json</code> beside this page, and {why}.
      </p>
      <p>Look at it, and correct it:</p>
      <pre tabIndex={0}>
        <code>curl -i {new URL("config.json", document.baseURI).href}</code>
      </pre>
      <p>It has this form:</p>
      <pre tabIndex={0}>
        <code>{'{"door": "https://…", "issuer": "https://…", "clientId": "…", "scopes": ["openid", "gatehouse/invoke"]}'}</code>
      </pre>
      <p>
        <button class="primary" type="button" onClick={() => { location.reload(); }}>
          Try again
        </button>
      </p>
    </main>
  );
}
