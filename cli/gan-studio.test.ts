import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ran, scriptOf } from './child.test.helper.js';

describe('gan-studio', () => {
  it('serves its page on the loopback address, which --quiet prints too, also where there are no runs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ganscope-studio-'));
    const script = fileURLToPath(new URL('./gan-studio.js', import.meta.url));
    const child = spawn(process.execPath, [script, '--port', '0', '--quiet'], { cwd: folder });
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

  it.skipIf(process.platform === 'win32')(
    'saves the trainings of the page at Ctrl-C, which reaches it alone',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'ganscope-studio-'));
      const child = spawn(process.execPath, [scriptOf('gan-studio'), '--port', '0', '--allow-training'], {
        cwd: folder,
        detached: true,
      });
      try {
        let said = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
        await expect.poll(() => said, { timeout: 20_000 }).toMatch(/Ctrl-C/);
        const [, url = '', token = ''] = /^(http:\/\/127\.0\.0\.1:\d+)\/#token=([\w-]{32})  /.exec(said) ?? [];
        const settings = { imageSize: 8, ngf: 2, ndf: 2, latentDim: 4, device: 'cpu', checkpointEvery: 100_000 };
        const headers = { 'content-type': 'application/json', origin: url, 'x-studio-token': token };
        const body = JSON.stringify({ run: 'page', settings });
        expect((await fetch(`${url}/api/trainings`, { method: 'POST', headers, body })).status).toBe(200);
        const metrics = join(folder, 'runs', 'page', 'metrics.jsonl');
        await expect.poll(() => readFile(metrics, 'utf8').catch(() => ''), { timeout: 30_000 }).toMatch(/"step":50,/);
        const ended = new Promise((resolve) => child.once('close', resolve));
        // A terminal sends it to all processes of the group.
        process.kill(-(child.pid as number), 'SIGINT');
        expect(await ended).toBe(130);
        expect(said).toMatch(/Saving a training\.\n$/);
        const steps = (await readFile(metrics, 'utf8')).trimEnd().split('\n').length;
        const saved = await readdir(join(folder, 'runs', 'page', 'checkpoints'));
        expect(saved).toEqual([`step-${`${steps}`.padStart(7, '0')}`]);
      } finally {
        child.kill();
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

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
    [
      ['--allow-training', '--host', '0.0.0.0'],
      'gan-studio: --allow-training: expected it with a --host of this machine only, such as 127.0.0.1; got 0.0.0.0\n',
    ],
    [['--port', '0', '--host', '192.0.2.7'], 'gan-studio: --host: cannot listen on 192.0.2.7:0 (EADDRNOTAVAIL)\n'],
    [['--run', 'nowhere'], 'gan-studio: nowhere: expected the folder of a run; it has no config.json\n'],
  ])('answers %j with one line and exit code 2', async (options, line) => {
    const { code, stderr } = await ran('gan-studio', options, tmpdir());
    expect([code, stderr]).toEqual([2, line]);
  });
});
