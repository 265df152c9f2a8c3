/** Syncthing itself, on loopback: nothing leaves this machine. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./daemon";

/** The key of the API of each. */
const KEY = "a-key-that-nobody-sees";

/** One with a single folder, `notes-id` ("Notes"), which it shares with another one. It looks at it only when it is told to. */
export class Syncthing {
  private readonly home = mkdtempSync(join(tmpdir(), "instep-syncthing-"));
  readonly settings = join(this.home, "st");
  private readonly id: string;
  private process: ChildProcess | undefined;

  private constructor(
    private readonly port: number,
    private readonly listen: number,
  ) {
    mkdirSync(join(this.home, "folder/.stfolder"), { recursive: true });
    this.ask("generate", `--home=${this.settings}`);
    this.id = this.ask(`--home=${this.settings}`, "--device-id");
  }

  /** Two that know each other, and run. */
  static async pair(): Promise<[Syncthing, Syncthing]> {
    const one = new Syncthing(await freePort(), await freePort());
    const other = new Syncthing(await freePort(), await freePort());
    one.start(other);
    other.start(one);
    return [one, other];
  }

  private ask(...words: string[]): string {
    const env = { ...process.env, HOME: this.home };
    return execFileSync("syncthing", words, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  }

  path(name: string): string {
    return join(this.home, "folder", name);
  }

  read(name: string): string | undefined {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), "utf8") : undefined;
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  private start(other: Syncthing): void {
    writeFileSync(
      join(this.settings, "config.xml"),
      `<configuration version="35">
        <folder id="notes-id" label="Notes" path="${this.path("")}" type="sendreceive" rescanIntervalS="0"
          fsWatcherEnabled="false">
          <maxConflicts>10</maxConflicts><device id="${this.id}"/><device id="${other.id}"/>
        </folder>
        <device id="${this.id}" name="me"/>
        <device id="${other.id}" name="other"><address>tcp://127.0.0.1:${other.listen}</address></device>
        <gui enabled="true" tls="false"><address>127.0.0.1:${this.port}</address><apikey>${KEY}</apikey></gui>
        <options>
          <listenAddress>tcp://127.0.0.1:${this.listen}</listenAddress><reconnectionIntervalS>1</reconnectionIntervalS>
          <globalAnnounceEnabled>false</globalAnnounceEnabled><localAnnounceEnabled>false</localAnnounceEnabled>
          <relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled><urAccepted>-1</urAccepted>
          <autoUpgradeIntervalH>0</autoUpgradeIntervalH><crashReportingEnabled>false</crashReportingEnabled>
          <startBrowser>false</startBrowser>
        </options>
      </configuration>`,
    );
    // Itself, not a process that watches over it: what is killed is gone.
    const env = { ...process.env, HOME: this.home, STMONITORED: "yes" };
    const words = [`--home=${this.settings}`, "--no-browser", "--no-restart", "--no-upgrade"];
    this.process = spawn("syncthing", words, { env, stdio: "ignore" });
  }

  /** Has it look at its folder, and waits until it has. */
  async rescan(): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/rest/db/scan?folder=notes-id`, {
      method: "POST",
      headers: { "X-API-Key": KEY },
    });
    if (!answer.ok) throw new Error(`Syncthing answers ${answer.status}`);
  }

  /** Whether it leaves its folder alone. */
  async paused(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/rest/config/folders/notes-id`, {
      headers: { "X-API-Key": KEY },
    });
    return ((await answer.json()) as { paused: boolean }).paused;
  }

  /** Ends it, with all that it had. */
  async clear(): Promise<void> {
    const child = this.process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}
