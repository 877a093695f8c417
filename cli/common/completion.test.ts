/** @file Scripts for completion, run by the shells that this machine has. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { completionScript, type CompletedOption } from './completion.js';

const options: CompletedOption[] = [
  { name: 'device', describe: "Where [it] runs: the machine's choice", choices: ['auto', 'cpu'], boolean: false },
  { name: 'data', describe: 'Folder', boolean: false },
  { name: 'flip', describe: 'Mirror', boolean: true },
];
const has = (shell: string) => {
  try {
    execFileSync(shell, ['-c', 'true']);
    return true;
  } catch {
    return false;
  }
};

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder with nothing but a folder "pictures". */
async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ganscope-completion-'));
  folders.push(folder);
  await mkdir(join(folder, 'pictures'));
  return folder;
}

/** What bash offers after some words. */
function offered(words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const run = `COMP_WORDS=(gan-x ${quoted}); COMP_CWORD=${words.length}; _gan_x; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', `${completionScript('gan-x', 'bash', options)}\n${run}`], {
    encoding: 'utf8',
  });
  return out.split('\n').filter(Boolean);
}

describe('completionScript(command, shell, options)', () => {
  it.skipIf(!has('bash'))('completes options, choices and files in bash', () => {
    expect(offered(['--'])).toEqual(['--device', '--data', '--flip', '--no-flip']);
    expect(offered(['--de'])).toEqual(['--device']);
    expect(offered(['--device', ''])).toEqual(['auto', 'cpu']);
    expect(offered(['--device', 'c'])).toEqual(['cpu']);
    // Nothing: bash goes on with files.
    expect(offered(['--data', ''])).toEqual([]);
    expect(offered([''])).toEqual([]);
  });

  it.skipIf(!has('fish'))(
    'completes options, choices and files in fish',
    async () => {
      const folder = await emptyFolder();
      const script = completionScript('gan-x', 'fish', options);
      const completed = (line: string) =>
        execFileSync('fish', ['--no-config', '-c', `${script}\ncomplete -C '${line}'`], {
          encoding: 'utf8',
          cwd: folder,
        })
          .split('\n')
          .map((each) => each.split('\t')[0])
          .filter(Boolean);
      expect(completed('gan-x --de')).toEqual(['--device']);
      expect(completed('gan-x --device ')).toEqual(['auto', 'cpu']);
      expect(completed('gan-x --data pic')).toEqual(['pictures/']);
      expect(completed('gan-x --no')).toEqual(['--no-flip']);
    },
    30_000,
  );

  it.skipIf(!has('zsh'))(
    'completes options, choices and files in zsh',
    async () => {
      const folder = await emptyFolder();
      await writeFile(join(folder, '_gan-x'), completionScript('gan-x', 'zsh', options));
      // Tab is pressed in an interactive shell; what it shows is read until it is what is expected.
      const shown = (line: string, pattern: string) => {
        const start = `cd ${folder}; fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -d ${folder}/.dump; PS1=; print REA""DY`;
        const script = [
          'zmodload zsh/zpty',
          'zpty -b z zsh -f -i',
          `zpty -w z '${start}'`,
          "zpty -r z text '*READY*'",
          `zpty -w -n z '${line}'$'\\t\\t'`,
          `zpty -r z text '${pattern}'`,
          'print -r -- "$text"',
          'zpty -d z',
        ].join('\n');
        return execFileSync('zsh', ['-f', '-c', script], { encoding: 'utf8', timeout: 20_000 });
      };
      // What is typed already may be drawn before: only the rest is sure to be there.
      expect(shown('gan-x --de', '*vice*')).toContain('vice');
      expect(shown('gan-x --device ', '*auto*cpu*')).not.toContain('pictures');
      expect(shown('gan-x --data pic', '*tures*')).toContain('tures');
    },
    60_000,
  );

  it('names choices, files and descriptions in zsh and fish', () => {
    const zsh = completionScript('gan-x', 'zsh', options);
    expect(zsh).toContain(String.raw`'--device[Where \[it\] runs\: the machine’s choice]:device:(auto cpu)'`);
    expect(zsh).toContain("'--data[Folder]:data:_files'");
    const fish = completionScript('gan-x', 'fish', options);
    expect(fish).toContain("complete -c gan-x -l device -x -a 'auto cpu' -d 'Where [it] runs: the machine’s choice'\n");
    expect(fish).toContain("complete -c gan-x -l flip -d 'Mirror'\n");
  });
});
