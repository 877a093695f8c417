/** @file What the server tells of a run: settings, checkpoints, sample grids, quality, and networks of checkpoints. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../trainer/checkpoint/checkpoint.node.js';
import { markBest } from '../../trainer/checkpoint/kept-checkpoints.node.js';
import { exportRun } from '../../trainer/run/export.node.js';
import { configWith } from '../../trainer/settings/presets.js';
import { initialState } from '../../trainer/step/tfjs/state.js';
import type { TrainState } from '../../trainer/step/state/step.js';
import { CheckpointNetworks } from './networks/checkpoint-networks.node.js';
import { startStudio, type Studio } from './server.node.js';
import { metricsLine } from './studio.test.helper.js';

/** A state after some steps: the weights of the start, with moments. */
function stateAfter(step: number): TrainState {
  const state = { ...initialState(config), step };
  for (const { weights, m, v } of [state.generator, state.discriminator]) {
    const trained = [...weights].filter(([name]) => !/moving_/.test(name));
    for (const [name, tensor] of trained) for (const moments of [m, v]) moments.set(name, tensor);
  }
  return state;
}

const config = configWith('space', { imageSize: 8, ngf: 2, ndf: 2, latentDim: 4 });
let folder: string;
let run: string;
let studio: Studio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-runs-'));
  run = join(folder, 'runs', 'birds');
  await mkdir(join(run, 'samples'), { recursive: true });
  const data = '/private/place/birds';
  await writeFile(join(run, 'config.json'), JSON.stringify({ config, data, steps: 10, dataOptions: { split: 'all' } }));
  for (const step of [5, 10]) {
    await saveCheckpoint(run, stateAfter(step), config);
    await writeFile(join(run, 'samples', `step-${`${step}`.padStart(7, '0')}.png`), 'png');
  }
  await markBest(run, 5);
  await writeFile(join(run, 'quality.jsonl'), '{"step":5,"kid":0.2,"features":"x.onnx"}\n{"step":10,"ki');
  studio = await startStudio({ runs: join(folder, 'runs'), port: 0 });
});
afterAll(async () => {
  await studio?.close();
  await rm(folder, { recursive: true, force: true });
});

const asked = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${studio.url}${path}`, { headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, bytes, text: bytes.toString() };
};
const network = 'runs/birds/checkpoints/step-0000005/discriminator.onnx';

describe('a run', () => {
  it('has its settings, checkpoints and sample grids in the order of steps; of its data the name alone', async () => {
    const details = JSON.parse((await asked('api/runs/birds')).text);
    expect(details).toMatchObject({
      name: 'birds',
      settings: { preset: 'space', imageSize: 8, split: 'all' },
      data: 'birds',
      steps: 10,
      checkpoints: [
        { name: 'step-0000005', step: 5, best: true },
        { name: 'step-0000010', step: 10, best: false },
      ],
      samples: [
        { file: 'step-0000005.png', step: 5 },
        { file: 'step-0000010.png', step: 10 },
      ],
      real: false,
    });
    expect(JSON.stringify(details)).not.toContain('private');
    await writeFile(
      join(run, 'metrics.jsonl'),
      Array.from({ length: 100 }, (_, i) => metricsLine(i + 1)).join('') + '{"st',
    );
    const [listed] = JSON.parse((await asked('api/runs')).text);
    expect(listed).toMatchObject({ name: 'birds', step: 100, steps: 10 });
    const quality = JSON.parse((await asked('api/runs/birds/quality')).text);
    expect(quality.rows).toEqual([{ step: 5, kid: 0.2 }]);
  });

  it('whose settings cannot be read is shown without', async () => {
    const broken = join(folder, 'runs', 'broken');
    await mkdir(broken);
    for (const text of ['', '[', '[1]', '{"config": 7, "steps": "many"}', `"${'x'.repeat(2 ** 20)}"`]) {
      await writeFile(join(broken, 'config.json'), text);
      expect(JSON.parse((await asked('api/runs/broken')).text)).toEqual({
        name: 'broken',
        id: expect.any(String),
        settings: {},
        checkpoints: [],
        samples: [],
        real: false,
      });
    }
    await rm(broken, { recursive: true });
  });

  it('that is made again under the same name is another one', async () => {
    const again = join(folder, 'runs', 'again');
    const id = async () => JSON.parse((await asked('api/runs/again')).text).id as string;
    await mkdir(again);
    await writeFile(join(again, 'config.json'), '{}');
    const before = await id();
    await writeFile(join(again, 'metrics.jsonl'), metricsLine(1));
    expect(await id()).toBe(before);
    await rm(again, { recursive: true });
    await mkdir(again);
    await writeFile(join(again, 'config.json'), '{}');
    expect(await id()).not.toBe(before);
    await rm(again, { recursive: true });
  });

  it('that is deleted while it is watched is told by name, and the others go on', async () => {
    const gone = join(folder, 'runs', 'gone');
    await mkdir(gone);
    await writeFile(join(gone, 'config.json'), '{}');
    await writeFile(join(gone, 'metrics.jsonl'), metricsLine(1));
    expect((await asked('api/runs/gone/metrics')).status).toBe(200);
    await rm(gone, { recursive: true });
    for (const path of ['', '/metrics', '/quality']) {
      expect(await asked(`api/runs/gone${path}`)).toMatchObject({ status: 404, text: 'there is no run gone\n' });
    }
    expect((await asked('api/runs/birds')).status).toBe(200);
  });
});

describe('the networks of a checkpoint', () => {
  it('are those of gan-export, and nothing is written into the run', async () => {
    const before = await readdir(run, { recursive: true });
    const answers = await Promise.all([asked(network), asked(network), asked(network.replace('disc', 'x'))]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404]);
    await exportRun({ checkpoint: join(run, 'checkpoints', 'step-0000005'), out: join(folder, 'out') });
    const expected = await readFile(join(folder, 'out', 'discriminator.onnx'));
    for (const { bytes } of answers.slice(0, 2)) expect(bytes.equals(expected)).toBe(true);
    expect(await readdir(run, { recursive: true })).toEqual(before);
  });

  it('are made for the page of this server only', async () => {
    expect((await asked(network, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await asked(network, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it.each(['step-0000007', 'best', '..', 'step-0000011'])('are not made of %s', async (name) => {
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere, { recursive: true });
    await writeFile(join(elsewhere, 'state.json'), '{}');
    await symlink(elsewhere, join(run, 'checkpoints', 'step-0000011')).catch(() => undefined);
    expect((await asked(`runs/birds/checkpoints/${name}/generator.onnx`)).status).toBe(404);
    await rm(join(run, 'checkpoints', 'step-0000011'));
  });

  it('are not made of files that lie elsewhere', async () => {
    const own = join(run, 'checkpoints', 'step-0000010');
    const linked = join(run, 'checkpoints', 'step-0000012');
    const elsewhere = join(folder, 'elsewhere', 'generator');
    await cp(own, linked, { recursive: true });
    await rename(join(linked, 'generator'), elsewhere);
    await symlink(elsewhere, join(linked, 'generator'), 'junction');
    const path = 'runs/birds/checkpoints/step-0000012/generator.onnx';
    expect((await asked(path)).status).toBe(404);
    await rm(join(linked, 'generator'));
    await cp(join(own, 'generator'), join(linked, 'generator'), { recursive: true });
    await rm(join(linked, 'generator', 'weights.bin'));
    await symlink(join(elsewhere, 'weights.bin'), join(linked, 'generator', 'weights.bin'));
    expect((await asked(path)).status).toBe(404);
    await rm(join(linked, 'generator', 'weights.bin'));
    const missing = /^step-0000012.generator.weights\.bin: cannot be read \(ENOENT\)\n$/;
    expect(await asked(path)).toMatchObject({ status: 400, text: expect.stringMatching(missing) });
    await rm(linked, { recursive: true });
  });

  it('that are broken are told in one line, and the next one is made', async () => {
    const broken = join(run, 'checkpoints', 'step-0000006');
    await mkdir(join(broken, 'generator'), { recursive: true });
    await mkdir(join(broken, 'discriminator'), { recursive: true });
    for (const role of ['generator', 'discriminator']) await writeFile(join(broken, role, 'weights.bin'), 'x');
    await writeFile(join(broken, 'state.json'), '{"format": 1}');
    const answer = await asked('runs/birds/checkpoints/step-0000006/generator.onnx');
    expect(answer).toMatchObject({ status: 400, text: expect.stringMatching(/^step-0000006.state\.json: [^\n]*\n$/) });
    await rm(broken, { recursive: true });
    expect((await asked('runs/birds/checkpoints/step-0000010/generator.onnx')).status).toBe(200);
  });

  it.skipIf(process.platform === 'win32')(
    'are made again where somebody cleaned the temporary folder, or it was missing for a while',
    async () => {
      const before = process.env['TMPDIR'];
      const temporary = join(folder, 'temporary');
      process.env['TMPDIR'] = temporary;
      const failures: unknown[] = [];
      const other = await startStudio({
        runs: join(folder, 'runs'),
        port: 0,
        onFailure: (error) => failures.push(error),
      });
      const answer = async () => {
        const got = await fetch(`${other.url}${network}`);
        const text = await got.text();
        return { status: got.status, text: got.ok ? '' : text };
      };
      try {
        const failed = { status: 500, text: 'gan-studio failed; what it prints says why\n' };
        expect(await answer()).toEqual(failed);
        expect(failures).toEqual([expect.objectContaining({ code: 'ENOENT', syscall: 'mkdtemp' })]);
        await mkdir(temporary);
        expect((await answer()).status).toBe(200);
        const [made = ''] = await readdir(temporary);
        await rm(join(temporary, made), { recursive: true });
        expect((await answer()).status).toBe(200);
        // The files alone, as those do that clean by age.
        for (const part of await readdir(temporary, { recursive: true }))
          if (part.endsWith('.onnx')) await rm(join(temporary, part));
        expect((await answer()).status).toBe(200);
        expect(failures).toHaveLength(1);
        await rm(temporary, { recursive: true });
        // Also where what it made is gone.
        await other.close();
      } finally {
        if (before === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = before;
      }
    },
  );

  it('leave nothing behind when the studio ends', async () => {
    const made = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('ganscope-checkpoints-'));
    const before = await made();
    const other = await startStudio({ runs: join(folder, 'runs'), port: 0 });
    await fetch(`${other.url}${network}`);
    const during = await made();
    await other.close();
    expect(during.length).toBeGreaterThan(before.length);
    expect(await made()).toEqual(before);
    const networks = new CheckpointNetworks();
    const asking = networks.open(run, 'step-0000005', 'generator');
    const ended = networks.dispose();
    await expect(asking).rejects.toThrow('gan-studio is stopping');
    await ended;
    await expect(networks.open(run, 'step-0000005', 'generator')).rejects.toThrow('gan-studio is stopping');
    expect(await made()).toEqual(before);
  });
});
