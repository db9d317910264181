import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { packageFile } from '../../proto/package-root.js';

const MAIN = packageFile('dist/main.js');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A user's account of its own: empty folders for data and cache, and the processes started in it. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'vernier-e2e-'));
  private readonly env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv = {}) {
    const {
      VERNIER_DATA_DIR: _data,
      VERNIER_KERNEL: _kernel,
      VERNIER_NATIVE_WIDTH: _width,
      VERNIER_SIDE_BY_SIDE: _sideBySide,
      ...inherited
    } = process.env;
    const folders = { HOME: this.folder, XDG_DATA_HOME: this.path('share'), XDG_CACHE_HOME: this.path('cache') };
    this.env = { ...inherited, ...folders, NO_COLOR: '1', ...env };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file and gives its path. */
  file(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** The built command, for whoever starts it in another way. */
  command(args: readonly string[]): { argv: string[]; env: NodeJS.ProcessEnv; cwd: string } {
    return { argv: [process.execPath, MAIN, ...args], env: this.env, cwd: this.folder };
  }

  /** Starts the built command. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Running(child, args);
  }

  /** Runs it to its end. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Runs it to its good end, its stdout read as JSON. */
  async json<T = SearchJson>(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], env);
    if (code !== 0) throw new Error(`vernier ${args.join(' ')} ended with ${code}:\n${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Pids of the living processes that were started in this sandbox, by whomever. */
  processes(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && belongsTo(pid, this.folder));
  }

  /** Resolves when none of the sandbox's processes is left, without anybody having ended them. */
  async empty(): Promise<void> {
    try {
      await vi.waitFor(
        () => {
          const left = this.processes();
          if (left.length > 0) throw new Error(`processes are left: ${left.map(describe).join('; ')}`);
        },
        { timeout: 10_000, interval: 20 },
      );
    } finally {
      this.killAll(); // one test's leavings are not the next one's
    }
  }

  /** Ends what is left of it. */
  remove(): void {
    this.killAll();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  private killAll(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
  }
}

/** A command that runs. */
export class Running {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  private over = false;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly child: ChildProcess,
    private readonly args: readonly string[],
  ) {
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.heard({ stdout: text }));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.heard({ stderr: text }));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.over = true;
        this.heard({});
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Its child processes: a run's workers. */
  get children(): number[] {
    return readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  }

  /** The first match of a pattern in what it has written on stdout or stderr, or will write. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      if (this.over) {
        throw new Error(
          `vernier ${this.args.join(' ')} ended without saying ${pattern}:\n${this.stdout}${this.stderr}`,
        );
      }
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private heard({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }): void {
    this.stdout += stdout;
    this.stderr += stderr;
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}

function belongsTo(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`HOME=${folder}`);
  } catch {
    return false; // another user's, or gone
  }
}

function describe(pid: number): string {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`;
  } catch {
    return String(pid);
  }
}
