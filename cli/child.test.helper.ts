/** @file Runs the compiled commands as a user would, each in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export const commandNames = [
  'gan-eval',
  'gan-export',
  'gan-features',
  'gan-gradcam',
  'gan-probe',
  'gan-runs',
  'gan-sample',
  'gan-studio',
  'gan-sweep',
  'gan-train',
  'gan-worker',
] as const;

export type CommandName = (typeof commandNames)[number];

/** The compiled script of a command. */
export function scriptOf(command: CommandName): string {
  return fileURLToPath(new URL(`./${command}.js`, import.meta.url));
}

/** Runs a command in a folder; `nodeOptions` come before the script. */
export function ran(
  command: CommandName,
  options: readonly string[],
  cwd: string,
  nodeOptions: readonly string[] = [],
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...nodeOptions, scriptOf(command), ...options],
      { cwd, timeout: 180_000 },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
      },
    );
  });
}

/** A node option that makes a process end with a line on stderr that lists its CommonJS modules and native libraries. */
export const LIST_MODULES =
  "--import=data:text/javascript,import m from 'node:module';process.on('exit',()=>console.error(JSON.stringify(" +
  '[...Object.keys(m._cache),...process.report.getReport().sharedObjects])))';
