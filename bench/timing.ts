/** @file Helpers of the benchmarks: medians, PyTorch's times by a script, and a table. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

export function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

/** Times in ms of several runs after a warm-up run. */
export async function milliseconds(run: () => Promise<unknown>, runs: number): Promise<number[]> {
  await run();
  const times: number[] = [];
  for (let index = 0; index < runs; index++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  return times;
}

/** The JSON output of a script in `bench/`, or undefined if `python3` has no torch. */
export function pytorch<T>(script: string, options: Readonly<Record<string, number>>): T | undefined {
  const path = fileURLToPath(new URL(`../../bench/${script}`, import.meta.url));
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  try {
    return JSON.parse(
      execFileSync('python3', [path, ...flags], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return undefined;
  }
}

/** How many cores the machine has. */
export const cores = (): number => cpus().length;

/** The machine, for the line above a table. */
export const machine = (): string => `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`;

/** A table in Markdown: the first column left-aligned, numbers right-aligned. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
