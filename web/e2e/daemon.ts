// The daemon under test: one that runs already ($FOODMASSD_URL), or one started here.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.FOODMASSD_BIN ?? '../bin/foodmassd';
const READY_WITHIN_MS = 20_000;

/** The base URL of a daemon that somebody else runs, if any. */
export const givenURL = process.env.FOODMASSD_URL?.replace(/\/$/, '');

/** A daemon process with its own data directory and port, which outlive a restart. */
export class Daemon {
  private child: ChildProcess | null = null;
  private log = '';

  private constructor(
    readonly url: string,
    private readonly dataDir: string,
    private readonly options: string[],
  ) {}

  /** Starts a daemon with further options of `serve`. */
  static async start(...options: string[]): Promise<Daemon> {
    const dataDir = mkdtempSync(join(tmpdir(), 'foodmassd-e2e-'));
    const daemon = new Daemon(`http://127.0.0.1:${await freePort()}`, dataDir, options);
    await daemon.restart();
    return daemon;
  }

  /** Starts the process (again) and waits until it answers. */
  async restart(): Promise<void> {
    const args = ['serve', '--listen', new URL(this.url).host, '--data-dir', this.dataDir, ...this.options];
    const child = spawn(BINARY, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    child.stderr.on('data', (chunk) => (this.log += chunk));
    child.on('error', (error) => (this.log += error));
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.ready())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`daemon does not get ready:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Power cut: the daemon and its children are gone at once. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    this.signalAll('SIGKILL');
    await gone;
  }

  /** Stops daemon and workers in their tracks: connections stay open, nothing answers. */
  freeze(): void {
    this.signalAll('SIGSTOP');
  }

  /** Lets everything run on. */
  thaw(): void {
    this.signalAll('SIGCONT');
  }

  /** Stops the vision workers, so that the analysis of the next photo does not end. */
  freezeWorkers(): void {
    const workers = this.workers();
    if (workers.length === 0) throw new Error('the daemon has no worker process');
    for (const pid of workers) signal(pid, 'SIGSTOP');
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private signalAll(name: NodeJS.Signals): void {
    for (const pid of [this.child!.pid!, ...this.workers()]) signal(pid, name);
  }

  /** Process ids of the daemon's children. */
  private workers(): number[] {
    const pid = this.child!.pid!;
    const threads = `/proc/${pid}/task`;
    return readdirSync(threads)
      .flatMap((thread) => readFileSync(`${threads}/${thread}/children`, 'utf8').split(' '))
      .filter((child) => child.trim() !== '')
      .map(Number);
  }

  private async ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false;
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it is gone already
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
