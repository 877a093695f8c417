/** @file Scripts for completion, run by the shells that this machine has. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
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

  it('names choices, files and descriptions in zsh and fish', () => {
    const zsh = completionScript('gan-x', 'zsh', options);
    expect(zsh).toContain(String.raw`'--device[Where \[it\] runs\: the machine’s choice]:device:(auto cpu)'`);
    expect(zsh).toContain("'--data[Folder]:data:_files'");
    const fish = completionScript('gan-x', 'fish', options);
    expect(fish).toContain("complete -c gan-x -l device -x -a 'auto cpu' -d 'Where [it] runs: the machine’s choice'\n");
    expect(fish).toContain("complete -c gan-x -l flip -d 'Mirror'\n");
  });
});
