import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { hostname as machine } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectOurHost, ownNames } from './http/guard.node.js';
import { startStudio } from './server.node.js';
import { metricsLine, testStudio } from './studio.test.helper.js';

let studio: Awaited<ReturnType<typeof testStudio>>;
beforeAll(async () => {
  studio = await testStudio();
});
afterAll(() => studio.dispose());

/** Asks with a path that is sent as it is, which fetch would tidy up. */
function asked(path: string, { method = 'GET', host }: { method?: string; host?: string } = {}) {
  const { hostname, port } = new URL(studio.url);
  return new Promise<{ status: number; body: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('latin1').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

const RUN = '/runs/birds%20%26%20bees';

describe('gan-studio', () => {
  it('tells of runs, their metrics in parts, and their files', async () => {
    const runs = JSON.parse((await asked('/api/runs')).body);
    expect(runs).toEqual([{ name: 'birds & bees', live: true, exported: true, samples: 'step-0000002.png', step: 2 }]);
    const first = JSON.parse((await asked('/api/runs/birds%20%26%20bees/metrics')).body);
    expect(first.rows.map(({ step }: { step: number }) => step)).toEqual([1, 2]);
    expect(first.offset).toBe((metricsLine(1) + metricsLine(2)).length);
    const next = JSON.parse((await asked(`/api/runs/birds%20%26%20bees/metrics?offset=${first.offset}`)).body);
    expect(next).toEqual({ rows: [], offset: first.offset, more: false });
    const shorter = JSON.parse((await asked('/api/runs/birds%20%26%20bees/metrics?offset=99999')).body);
    expect(shorter).toEqual(first);
    expect((await asked(`${RUN}/samples/step-0000002.png`)).headers['content-type']).toBe('image/png');
    expect((await asked(`${RUN}/onnx/generator.onnx`)).status).toBe(200);
  });

  it('lists a run that was named by a link once, by the name of its folder', async () => {
    const link = join(studio.folder, 'latest');
    await symlink(studio.run, link, 'junction');
    const { close, url } = await startStudio({ runs: join(studio.folder, 'runs'), run: link, port: 0 });
    const runs = (await (await fetch(`${url}api/runs`)).json()) as { name: string }[];
    await close();
    expect(runs.map(({ name }) => name)).toEqual(['birds & bees']);
    expect(runs[0]).not.toHaveProperty('elsewhere');
  });

  it('tells that a run lies elsewhere, and not where', async () => {
    const run = join(studio.folder, 'other place', 'fish');
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'config.json'), '{}');
    const { close, url } = await startStudio({ runs: join(studio.folder, 'runs'), run, port: 0 });
    const text = await (await fetch(`${url}api/runs`)).text();
    await close();
    expect(JSON.parse(text)[0]).toEqual({ name: 'fish', live: false, elsewhere: true, exported: false });
    expect(text).not.toContain('other place');
  });

  it('skips lines that are no numbers, and a line of more than a mebibyte', async () => {
    const folder = join(studio.folder, 'runs', 'odd');
    await mkdir(folder);
    await writeFile(join(folder, 'config.json'), '{}');
    const long = `{"step": 7, "text": "${'x'.repeat(3 * 1024 * 1024)}"}\n`;
    const odd = 'null\n[1]\n{"lossD": 1}\nnothing\n{"step": 9, "lossD": "high", "lossG": 2, "dReal": null}\n';
    await writeFile(join(folder, 'metrics.jsonl'), metricsLine(1) + long + odd + metricsLine(10));
    const rows: Record<string, number>[] = [];
    let next = { rows, offset: 0, more: true };
    for (let turn = 0; next.more; turn++) {
      expect(turn).toBeLessThan(10);
      next = JSON.parse((await asked(`/api/runs/odd/metrics?offset=${next.offset}`)).body);
      rows.push(...next.rows);
    }
    expect(rows.map(({ step }) => step)).toEqual([1, 9, 10]);
    expect(rows[1]).toEqual({ step: 9, lossG: 2 });
    await rm(folder, { recursive: true });
  });

  it.skipIf(process.platform === 'win32')('does not wait for named pipes, wherever they lie', async () => {
    const folder = join(studio.folder, 'runs', 'pipes');
    for (const part of ['onnx', 'samples']) await mkdir(join(folder, part), { recursive: true });
    await writeFile(join(folder, 'config.json'), '{}');
    const pipes = ['metrics.jsonl', 'onnx/generator.onnx', 'samples/step-0000009.png'];
    for (const pipe of pipes) execFileSync('mkfifo', [join(folder, pipe)]);
    await mkdir(join(studio.folder, 'runs', 'piped-config'));
    execFileSync('mkfifo', [join(studio.folder, 'runs', 'piped-config', 'config.json')]);
    const runs = JSON.parse((await asked('/api/runs')).body);
    expect(runs.map(({ name }: { name: string }) => name).toSorted()).toEqual(['birds & bees', 'pipes']);
    expect(runs.find(({ name }: { name: string }) => name === 'pipes')).toEqual({
      name: 'pipes',
      live: false,
      exported: false,
    });
    expect(JSON.parse((await asked('/api/runs/pipes/metrics')).body)).toEqual({ rows: [], offset: 0, more: false });
    for (const pipe of pipes.slice(1)) expect((await asked(`/runs/pipes/${pipe}`)).status).toBe(404);
    for (const name of ['pipes', 'piped-config']) await rm(join(studio.folder, 'runs', name), { recursive: true });
  });

  it('follows no link that leads out of a run', async () => {
    const elsewhere = join(studio.folder, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'secret.png'), 'secret');
    await writeFile(join(elsewhere, 'metrics.jsonl'), metricsLine(5));
    const folder = join(studio.folder, 'runs', 'linked');
    await mkdir(folder);
    await writeFile(join(folder, 'config.json'), '{}');
    await symlink(join(elsewhere, 'metrics.jsonl'), join(folder, 'metrics.jsonl'));
    await symlink(elsewhere, join(folder, 'samples'));
    await symlink(elsewhere, join(studio.folder, 'runs', 'outside'));
    const runs = JSON.parse((await asked('/api/runs')).body);
    expect(runs.find(({ name }: { name: string }) => name === 'linked')).toEqual({
      name: 'linked',
      live: false,
      exported: false,
    });
    expect(runs.map(({ name }: { name: string }) => name)).not.toContain('outside');
    expect(JSON.parse((await asked('/api/runs/linked/metrics')).body).rows).toEqual([]);
    expect((await asked('/runs/linked/samples/secret.png')).status).toBe(404);
    await rm(folder, { recursive: true });
    await rm(join(studio.folder, 'runs', 'outside'));
  });

  it('isolates its pages, so that WebAssembly has threads', async () => {
    const { headers, body } = await asked('/');
    expect(body).toContain('<title>gan-studio</title>');
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    });
  });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/assets/..%2f..%2fpackage.json',
    '/%2e%2e/package.json',
    `${RUN}/../../secret.png`,
    `${RUN}/samples/..%2f..%2f..%2fsecret.png`,
    `${RUN}/samples/link.png`,
    `${RUN}/samples/%00.png`,
    `${RUN}/config.json`,
    `${RUN}/metrics.jsonl`,
    '/runs/../runs/x/samples/a.png',
    '/api/runs/..%2fruns/metrics',
    '/api/secrets',
  ])('has nothing at %s', async (path) => {
    await writeFile(join(studio.folder, 'secret.png'), 'secret');
    await symlink(join(studio.folder, 'secret.png'), join(studio.run, 'samples', 'link.png')).catch(() => undefined);
    const { status, body } = await asked(path);
    expect([status, body]).toEqual([404, expect.not.stringContaining('secret')]);
  });

  it('refuses addresses that are none', async () => {
    expect((await asked('/%zz')).status).toBe(400);
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example'])('refuses the host %j', async (host) => {
    expect((await asked('/', { host })).status).toBe(403);
  });

  it.each(['localhost', '127.0.0.1:1234', '[::1]:80'])('answers to %s', async (host) => {
    expect((await asked('/', { host })).status).toBe(200);
  });

  it.each([
    ['VM', '10.0.0.1', 'vm:8765', 200],
    ['vm', '10.0.0.1', 'VM', 200],
    ['0.0.0.0', '0.0.0.0', `${machine().toUpperCase()}:80`, 200],
    ['::', '::', machine(), 200],
    ['0.0.0.0', '0.0.0.0', 'evil.example', 403],
    ['10.0.0.1', '10.0.0.1', `not-${machine()}`, 403],
  ])('that listens on %s, which is %s, answers to %s with %d', (host, address, name, status) => {
    const asks = () => expectOurHost({ headers: { host: name } } as IncomingMessage, ownNames(host, address));
    if (status === 200) expect(asks).not.toThrow();
    else expect(asks).toThrow(/its own name only: open its address, or start it with --host NAME$/);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('does not %s', async (method) => {
    expect((await asked('/', { method })).status).toBe(405);
  });
});
