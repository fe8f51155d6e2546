// The real service, the real store, and a real Chromium.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const PROGRAM = process.env.FLOWQL ?? fileURLToPath(new URL("../../../../target/debug/flowql", import.meta.url));

const run = promisify(execFile);

/** A store of its own, in a folder that `remove` takes away. */
export class Store {
  private constructor(readonly folder: string) {}

  static async create(): Promise<Store> {
    return new Store(await mkdtemp(join(tmpdir(), "flowql-page-")));
  }

  /** One that is there. */
  static at(folder: string): Store {
    return new Store(folder);
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, XDG_DATA_HOME: this.folder, XDG_STATE_HOME: this.folder };
  }

  async flowql(...words: string[]): Promise<void> {
    await run(PROGRAM, ["--quiet", ...words], { cwd: this.folder, env: this.env });
  }

  /** Flows of the last day, the same in each run but for their time. */
  async fill(rows: string): Promise<void> {
    await this.flowql("demo-data", "--rows", rows, "--span", "24h");
  }

  async remove(): Promise<void> {
    await this.flowql("engine", "stop");
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** `flowql serve`. */
export class Service {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  /** Starts it; `state` is the folder of its saved filters, `config` its flowql.toml. */
  static async start(store: Store, options: { state: string; config?: string; port?: string; backend?: string }): Promise<Service> {
    const { state, config = "", port = "0", backend = "embedded" } = options;
    const file = join(state, "flowql.toml");
    await writeFile(file, config);
    const words = ["--config", file, "--listen", `127.0.0.1:${port}`, "--data", state, "--backend", backend];
    const child = spawn(PROGRAM, ["serve", ...words], { cwd: state, env: store.env, stdio: ["ignore", "ignore", "pipe"] });
    const seen: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      seen.push(line);
      const found = /"address":"([^"]+)"/.exec(line);
      if (!found) continue;
      child.stderr.resume();
      return new Service(child, `http://${found[1]}/`);
    }
    throw new Error(`the service does not start: ${seen.join("\n")}`);
  }

  get port(): string {
    return new URL(this.url).port;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, "exit");
    this.process.kill();
    await exit;
  }
}

/** A folder for a test, and how to remove it. */
export async function folder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "flowql-page-"));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A port that nothing listened on a moment ago. */
export async function freeUdp(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(() => done()));
  return port;
}

export async function freeTcp(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
