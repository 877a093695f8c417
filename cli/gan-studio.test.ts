import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ran } from './child.test.helper.js';

describe('gan-studio', () => {
  it('serves its page on the loopback address, also where there are no runs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ganscope-studio-'));
    const script = fileURLToPath(new URL('./gan-studio.js', import.meta.url));
    const child = spawn(process.execPath, [script, '--port', '0'], { cwd: folder });
    try {
      const line = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
      const url = /^http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0] ?? '';
      expect(await (await fetch(url)).text()).toContain('<title>gan-studio</title>');
      expect(await (await fetch(`${url}api/runs`)).json()).toEqual([]);
    } finally {
      child.kill();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ['0.0.0.0', /^Warning: with --host 0\.0\.0\.0 other machines may open this page/],
    ['localhost', /^$/],
  ])('warns where other machines may open the page: --host %s', async (host, warning) => {
    const script = fileURLToPath(new URL('./gan-studio.js', import.meta.url));
    const child = spawn(process.execPath, [script, '--port', '0', '--host', host], { cwd: tmpdir() });
    try {
      let warned = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (warned += text));
      await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
      expect(warned).toMatch(warning);
    } finally {
      child.kill();
    }
  });

  it.each([
    [['--port', '70000'], 'gan-studio: --port: expected an integer of 0…65535; got 70000\n'],
    [['--run', 'nowhere'], 'gan-studio: nowhere: expected the folder of a run; it has no config.json\n'],
  ])('answers %j with one line and exit code 2', async (options, line) => {
    const { code, stderr } = await ran('gan-studio', options, tmpdir());
    expect([code, stderr]).toEqual([2, line]);
  });
});
