import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ran } from './child.test.helper.js';

describe('runCommand(…)', () => {
  const sample = (...options: string[]) => ran('gan-sample', options, tmpdir());

  it.each([
    [['--device', 'tpu'], '--device: expected one of auto, cuda, webgpu, cpu; got "tpu"'],
    [['--count', 'many'], '--count: expected a number; got "many"'],
    [['--count=many'], '--count: expected a number; got "many"'],
    [['--seed', '1', '--seed=2'], '--seed: expected once; got it twice'],
    [['--labels', '--no-labels'], '--labels: expected once; got it twice'],
    [['--saveLatents', 'a.npy', '--save-latents', 'b.npy'], '--save-latents: expected once; got it twice'],
    [['--model', '--jsonl'], '--model: expected a value; got nothing'],
    [['--model='], '--model: expected a value; got nothing'],
    [['--quiet', '--verbose'], '--quiet and --verbose cannot be combined'],
    [['picture.png'], 'unknown argument picture.png: expected options only'],
  ])('answers %j with one line and exit code 2', async (options, line) => {
    expect(await sample(...options)).toEqual({ code: 2, stdout: '', stderr: `gan-sample: ${line}\n` });
  });

  it('lists options for yargs and stops', async () => {
    const { code, stdout, stderr } = await sample('--get-yargs-completions', 'gan-sample', '--sav');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^--save-latents$/m);
    expect(stdout).not.toContain('Model:');
  });

  it('says the same whatever the language of the terminal', async () => {
    const before = process.env['LC_ALL'];
    process.env['LC_ALL'] = 'de_DE.UTF-8';
    const { stderr } = await sample('--device', 'tpu').finally(() => {
      if (before === undefined) delete process.env['LC_ALL'];
      else process.env['LC_ALL'] = before;
    });
    expect(stderr).toBe('gan-sample: --device: expected one of auto, cuda, webgpu, cpu; got "tpu"\n');
  });

  it.skipIf(process.platform === 'win32')('ends at once where another process has taken its folder over', async () => {
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `import { runCommand } from ${url('./command.js')};
      import { lostLocks } from ${url('../inference/tasks/index.js')};
      await runCommand('gan-test', (parser) => parser, async () => {
        lostLocks.emit('lost', 'out');
        await new Promise((resolve) => setTimeout(resolve, 1000));
        process.stderr.write('written after all');
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
    const signal = await new Promise((resolve) => child.on('close', (_code, by) => resolve(by)));
    expect([signal, text]).toEqual([
      'SIGTERM',
      'gan-test: out: another process has taken it over; this one had shown no sign of life for too long\n',
    ]);
  });
});
