/** A real daemon with real folders, and a browser that is let in: one for each test. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test as base, expect, type Page } from "@playwright/test";

export { expect };

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = process.env.INSTEP ?? join(root, "target/debug/instep");
const run = promisify(execFile);

export class Daemon {
  readonly home = mkdtempSync(join(tmpdir(), "instep-page-"));
  private child: ChildProcess | undefined;
  readonly env: NodeJS.ProcessEnv = { ...process.env, INSTEP_HOME: this.home, TZ: "Europe/Berlin" };

  /** Writes files; the first part of each name is a side. */
  write(files: Record<string, string>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content);
    }
  }

  path(name: string): string {
    return join(this.home, "sides", name);
  }

  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), "utf8") : "";
  }

  /** Runs the command line; an exit code that is no success is not an error of the test. */
  async instep(...words: string[]): Promise<string> {
    try {
      return (await run(program, words, { env: this.env })).stdout;
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  /** Writes a line beneath the heading of an item in the settings. */
  schedule(item: string, line: string): void {
    const file = join(this.home, "instep.toml");
    writeFileSync(file, readFileSync(file, "utf8").replace(`[items.${item}]`, `[items.${item}]\n${line}`));
  }

  /** Starts the command line and gives its exit code when it ends. */
  run(...words: string[]): Promise<number | null> {
    const child = spawn(program, words, { env: this.env, stdio: "ignore" });
    return new Promise((resolve) => child.once("exit", resolve));
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true });
  }

  /** What the browser will complain about, because the test makes it so. */
  expectComplaints(about: RegExp): void {
    this.expected = about;
  }

  expected: RegExp | undefined;

  /** Two folders as an item. */
  async add(name: string, a: string, b: string): Promise<void> {
    for (const side of [a, b]) mkdirSync(this.path(side), { recursive: true });
    await this.instep("add", name, this.path(a), this.path(b));
  }

  /** A file that both sides changed differently. */
  async disagree(name: string): Promise<void> {
    this.write({ "laptop/plan.txt": "same\n", "nas/plan.txt": "same\n" });
    await this.add(name, "laptop", "nas");
    await this.instep("sync", name, "--yes");
    this.write({ "laptop/plan.txt": "same\nfrom the laptop\n", "nas/plan.txt": "same\nand from the nas\n" });
    await this.instep("sync", name);
  }

  async start(port = 0): Promise<void> {
    const settings = join(this.home, "instep.toml");
    const before = existsSync(settings) ? readFileSync(settings, "utf8") : "";
    if (!before.includes("[server]")) {
      writeFileSync(settings, `${before}\n[server]\nlisten = ["127.0.0.1:${port}"]\n`);
    }
    this.child = spawn(program, ["serve"], { env: this.env, stdio: ["ignore", "ignore", "ignore"] });
    const version = () => this.ask("GET", "/api/v1/version").catch(() => "");
    await expect.poll(version, { timeout: 30_000 }).toContain("instep");
  }

  /** Asks at the local socket. */
  ask(method: string, path: string, body?: unknown): Promise<string> {
    return new Promise((resolve, reject) => {
      const socketPath = join(this.home, "state/instep.sock");
      const call = request({ socketPath, method, path, headers: { host: "localhost" } }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => resolve(text));
      });
      call.on("error", reject);
      if (body !== undefined) call.setHeader("content-type", "application/json");
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** A link that lets a page in, once. */
  async link(): Promise<string> {
    return (JSON.parse(await this.ask("POST", "/api/v1/page-link")) as { link: string }).link;
  }

  /** A program that starts itself and connects: two shelves, each of which is copied from here to there. */
  async shelves(called: string): Promise<void> {
    for (const place of ["top/here", "top/there", "low/here", "low/there"]) {
      mkdirSync(join(this.home, "shelves", place), { recursive: true });
    }
    const words = [
      join(root, "crates/instep/tests/program/shelf.py"),
      join(this.home, "shelves"),
      join(this.home, "state/handlers.sock"),
      called,
    ];
    const env = { ...this.env, PYTHONPATH: join(root, "sdk/python/src"), PYTHONDONTWRITEBYTECODE: "1" };
    // The daemon may answer before it listens there.
    await expect.poll(() => existsSync(join(this.home, "state/handlers.sock"))).toBe(true);
    this.guests.push(spawn("python3", words, { env, stdio: "ignore" }));
    await expect.poll(() => this.ask("GET", "/api/v1/items")).toContain("Top shelf");
  }

  private readonly guests: ChildProcess[] = [];

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child) await ended(this.child, signal);
  }

  async clear(): Promise<void> {
    for (const guest of this.guests) await ended(guest, "SIGKILL");
    await this.end("SIGKILL");
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Ends a process that may have ended by itself, and waits until it has. */
async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

/** Workers begin far from each other. */
let nextPort = process.pid * 97;

/** A port that nobody has, below those that the system gives to whoever asks for any: it stays free for a while. */
export async function freePort(): Promise<number> {
  for (;;) {
    nextPort = 20_000 + ((nextPort + 1) % 12_000);
    const port = nextPort;
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

interface Fixtures {
  daemon: Daemon;
  /** Opens the page signed in; whatever the browser complains about fails the test. */
  open: (path?: string) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: the test tool wants a pattern
  daemon: async ({}, use) => {
    const daemon = new Daemon();
    await use(daemon);
    await daemon.clear();
  },
  open: async ({ page, daemon }, use) => {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // What the network says of a program that is away is the test's own doing.
      if (message.type() === "error" && !message.text().includes("ERR_")) complaints.push(message.text());
    });
    page.on("dialog", (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
    await use(async (path = "/") => {
      await page.goto(await daemon.link());
      if (path !== "/") await page.goto(new URL(path, page.url()).href);
      return page;
    });
    expect(complaints.filter((complaint) => !daemon.expected?.test(complaint))).toEqual([]);
  },
});

/** Opens a menu and takes something from it; a page that is still being laid out may close it again. */
export async function choose(page: Page, menu: string, action: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.getByRole("button", { name: menu }).click({ timeout: 5_000 });
    await page.getByRole("menuitem", { name: action }).click({ timeout: 5_000 });
  }).toPass();
}
