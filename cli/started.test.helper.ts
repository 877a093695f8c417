/** @file Commands that run beside each other in a test: what they print, and signals to them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { scriptOf, type CommandName, type Outcome } from './child.test.helper.js';

export interface Started {
  child: ChildProcess;
  /** All that it has printed. */
  text(): string;
  /** Waits until it has printed something. @throws Error if it ends before */
  until(pattern: RegExp): Promise<void>;
  /** Waits until something of this name is in a folder, or the command ends. */
  untilFile(folder: string, name: RegExp): Promise<void>;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
  /** What it has printed at its end, and its exit code, -1 after a kill. */
  outcome: Promise<Outcome>;
}

/** Milliseconds that a line may take. */
const PATIENCE_MS = 90_000;

const running = new Set<ChildProcess>();

/** Starts a command; `nodeOptions` come before the script. */
export function started(
  command: CommandName,
  options: readonly string[],
  { cwd, env = {}, nodeOptions = [] }: { cwd: string; env?: Record<string, string>; nodeOptions?: readonly string[] },
): Started {
  const child = spawn(process.execPath, [...nodeOptions, scriptOf(command), ...options], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  const printed = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const read = (stream: keyof typeof printed) => (part: string) => {
    text += part;
    printed[stream] += part;
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', read('stdout'));
  child.stderr.setEncoding('utf8').on('data', read('stderr'));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  return {
    child,
    text: () => text,
    ended,
    outcome: ended.then((end) => ({ code: typeof end === 'number' ? end : -1, ...printed })),
    untilFile: async (folder, name) => {
      const isThere = async () => (await readdir(folder).catch((): string[] => [])).some((each) => name.test(each));
      while (!(await isThere()) && child.exitCode === null) await sleep(5);
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        const slow = () => reject(new Error(`${pattern} is not printed:\n${text}`));
        setTimeout(slow, PATIENCE_MS).unref();
        void ended.then((code) => reject(new Error(`ended (${code}) without ${pattern}:\n${text}`)));
      }),
  };
}

/** Kills what a failed test has left. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
