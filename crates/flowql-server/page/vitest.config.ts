import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  test: {
    // `npm run screenshots` takes the pictures of README.md; the tests leave the checkout as it is.
    include: mode === "screenshots" ? ["test/screenshots.ts"] : ["test/**/*.test.ts"],
    globalSetup: "test/store.ts",
    // Limits are for what hangs, not for a slow machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000 } },
    // A browser at a time.
    fileParallelism: false,
  },
}));
