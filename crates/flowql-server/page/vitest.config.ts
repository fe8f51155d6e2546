import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  test: {
    // `npm run screenshots` takes the pictures of README.md; the tests leave the checkout as it is.
    include: mode === "screenshots" ? ["test/screenshots.ts"] : ["test/**/*.test.ts"],
    globalSetup: "test/store.ts",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    // A browser at a time.
    fileParallelism: false,
  },
}));
