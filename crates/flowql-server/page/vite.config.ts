import { readFileSync } from "node:fs";

import { defineConfig } from "vite";

const { dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  dependencies: Record<string, string>;
};

export default defineConfig({
  base: "./",
  // The packages of this repository are linked, and have dependencies of their own beside them: of each there is one.
  resolve: { preserveSymlinks: true, dedupe: Object.keys(dependencies) },
  build: {
    target: "es2022",
    outDir: "dist",
    // The folder is part of the checkout, so that the service builds without the page too.
    emptyOutDir: false,
    // Everything is a file of its own, that browsers keep.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // Its WebAssembly lies beside its code.
  optimizeDeps: { exclude: ["@flowql/wasm"] },
  // `npx vite` serves the page by itself; the service, on its usual port, answers the rest.
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/healthz": "http://127.0.0.1:8080" } },
});
