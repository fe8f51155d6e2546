// One store, filled once, for all tests.
import type { TestProject } from "vitest/node";

import { Store } from "./service.js";

declare module "vitest" {
  interface ProvidedContext {
    store: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const store = await Store.create();
  try {
    await store.fill("300k");
  } catch (error) {
    await store.remove().catch(() => undefined);
    throw error;
  }
  project.provide("store", store.folder);
  return () => store.remove();
}
