import { defineConfig } from "vite";

// Every file stands on its own: nothing is inlined into the page, whose Content-Security-Policy takes scripts and styles
// from the console's own origin alone.
export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    target: "es2022",
  },
  worker: { format: "es" },
});
