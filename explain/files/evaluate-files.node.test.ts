import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodePicture, encodePng } from '../../inference/pictures/pictures.node.js';
import { evaluationTable } from '../figures/evaluation-report.node.js';
import { Explainer } from '../maps/explain.js';
import { spotPicture } from '../networks.test.helper.js';
import { evaluateFiles } from './evaluate-files.node.js';

const TINY = fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-evaluate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('evaluateFiles(explainer, paths, options)', () => {
  const OF = { methods: ['gradcam'], metrics: ['deletion', 'average-drop'] } as const;
  let tiny: Explainer;
  beforeAll(async () => {
    tiny = await Explainer.load(TINY, { device: 'cpu' });
  });
  afterAll(() => tiny.dispose());

  async function pictures(...spots: number[]): Promise<string[]> {
    const paths = spots.map((x) => join(folder, `spot ${x}.png`));
    for (const [i, x] of spots.entries())
      await writeFile(paths[i] as string, await encodePng(spotPicture(32, 32, x, 12)));
    return paths;
  }

  test('writes plots and results.json, and names what could not be read', async () => {
    const [good = ''] = await pictures(20);
    const broken = join(folder, 'broken.png');
    await writeFile(broken, 'no picture');
    const out = join(folder, 'measured');
    const targets = ['fake', 'real'];
    const provenance = { version: '1' };
    const { files, skipped, complete } = await evaluateFiles(tiny, [broken, good], { ...OF, targets, out, provenance });
    expect(files).toEqual([join(out, 'deletion.png'), join(out, 'results.json')]);
    expect([skipped.map(({ picture }) => picture), complete]).toEqual([[broken], true]);
    const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
    expect(results).toMatchObject({
      complete: true,
      version: '1',
      evaluation: { pictures: 1, metrics: ['deletion', 'average-drop'] },
    });
    expect(results.evaluation.methods[0].curves.deletion.y).toHaveLength(21);
  });

  test('goes on after an interruption with the same numbers', async () => {
    const paths = await pictures(8, 16, 24);
    const broken = join(folder, 'broken.png');
    await writeFile(broken, 'no picture');
    const all = [broken, ...paths];
    const out = (name: string) => join(folder, name);
    const { evaluation } = await evaluateFiles(tiny, all, { ...OF, out: out('whole') });
    const stop = new AbortController();
    const loaded: number[] = [];
    const part = await evaluateFiles(tiny, all, {
      ...OF,
      out: out('parts'),
      signal: stop.signal,
      progress_callback: () => stop.abort(),
    });
    expect([part.complete, part.evaluation.pictures]).toEqual([false, 1]);
    const rest = await evaluateFiles(tiny, all, {
      ...OF,
      out: out('parts'),
      resume: true,
      progress_callback: (progress) => loaded.push(progress.loaded),
    });
    expect(loaded).toEqual([3, 4]);
    expect(rest).toMatchObject({ complete: true, evaluation, skipped: [{ picture: broken }] });
  });

  test('refuses to go on with pictures that have changed', async () => {
    const paths = await pictures(8, 16);
    const options = { ...OF, out: join(folder, 'changed') } as const;
    await evaluateFiles(tiny, paths, options);
    await evaluateFiles(tiny, paths, { ...options, resume: true });
    await writeFile(paths[1] as string, await encodePng(spotPicture(40, 40, 9, 9)));
    await expect(evaluateFiles(tiny, paths, { ...options, resume: true })).rejects.toThrow(
      `resume: expected the pictures of the same job; ${paths[1]} has changed since`,
    );
  });

  test('stops within a picture, which is measured when it goes on', async () => {
    const paths = await pictures(8, 16, 24);
    const options = { ...OF, out: join(folder, 'within') } as const;
    const { evaluation } = await evaluateFiles(tiny, paths, { ...OF, out: join(folder, 'not stopped') });
    const stop = new AbortController();
    let measured = 0;
    let stopped = 0;
    const logits = tiny.logits.bind(tiny);
    const runs = vi.spyOn(tiny, 'logits').mockImplementation((batch) => {
      if (measured === 1 && ++stopped === 1) stop.abort();
      return logits(batch);
    });
    const progress_callback = () => void measured++;
    const part = await evaluateFiles(tiny, paths, { ...options, signal: stop.signal, progress_callback });
    runs.mockRestore();
    expect([part.complete, part.evaluation.pictures, stopped]).toEqual([false, 1, 1]);
    const rest = await evaluateFiles(tiny, paths, { ...options, resume: true });
    expect(rest).toMatchObject({ complete: true, evaluation });
  });

  test('goes on with nothing measured where the first picture was not', async () => {
    const paths = await pictures(8, 16);
    const options = { ...OF, out: join(folder, 'at once') } as const;
    const part = await evaluateFiles(tiny, paths, { ...options, signal: AbortSignal.abort() });
    expect(part).toMatchObject({ complete: false, evaluation: { pictures: 0 } });
    const rest = await evaluateFiles(tiny, paths, { ...options, resume: true });
    expect(rest).toMatchObject({ complete: true, evaluation: { pictures: 2 } });
  });

  test('measures whether relevances add up, as their conservation gap', async () => {
    const [path = ''] = await pictures(8);
    const options = { ...OF, methods: ['lrp-epsilon'], metrics: ['completeness'] } as const;
    const { evaluation } = await evaluateFiles(tiny, [path], { ...options, out: join(folder, 'relevances') });
    const [explanation] = await tiny.explain([await decodePicture(path)], { methods: ['lrp-epsilon'] });
    const { sum = 0, biases = 0, score = 0 } = explanation?.conservation ?? {};
    const gap = evaluation.methods[0]?.values.completeness;
    expect(gap).toBeLessThan(1e-3);
    expect(gap).toBeCloseTo(Math.abs(sum + biases - score) / Math.abs(score), 9);
  });

  test('measures where the object is marked, and names the pictures where it is not, also after an interruption', async () => {
    const paths = await pictures(8, 16, 24);
    const boxes = join(folder, 'boxes.csv');
    await writeFile(boxes, 'file,x,y,width,height\nspot 8.png,0,0,32,32\nspot 24.png,0,0,16,32\n');
    const options = { ...OF, metrics: ['energy-inside', 'pointing-game', 'completeness'], boxes } as const;
    const { evaluation, unmarked } = await evaluateFiles(tiny, paths, { ...options, out: join(folder, 'marked') });
    expect(unmarked).toEqual([{ picture: paths[1], reason: 'no box in boxes.csv' }]);
    const [{ values, errors } = { values: {}, errors: {} }] = evaluation.methods;
    const alone = await Promise.all(
      [0, 2].map((i) => evaluateFiles(tiny, [paths[i] as string], { ...options, out: join(folder, `marked ${i}`) })),
    );
    const [whole = NaN, half = NaN] = alone.map((each) => each.evaluation.methods[0]?.values['energy-inside']);
    expect(whole).toBe(1);
    expect(values['energy-inside']).toBeCloseTo((whole + half) / 2, 9);
    expect(errors['energy-inside']).toBeCloseTo(Math.abs(whole - half) / 2, 9);
    expect(values).not.toHaveProperty('completeness');
    expect(evaluationTable(evaluation)).toMatch(
      /^\| Method \| Energy inside ↑ \| Pointing game ↑ \|\n.*\n\| Grad-CAM \| 0?\.?\d+ ± /,
    );
    const stop = new AbortController();
    const out = join(folder, 'marked in parts');
    let loaded = 0;
    const progress_callback = () => void (++loaded === 2 && stop.abort());
    await evaluateFiles(tiny, paths, { ...options, out, signal: stop.signal, progress_callback });
    expect(await evaluateFiles(tiny, paths, { ...options, out, resume: true })).toMatchObject({ evaluation, unmarked });
    await writeFile(boxes, 'file,x,y,width,height\nspot 8.png,0,0,32,31\n');
    await expect(evaluateFiles(tiny, paths, { ...options, out, resume: true })).rejects.toThrow('boxes');
  });

  test('refuses several targets before anything is measured', async () => {
    const out = join(folder, 'refused');
    await expect(evaluateFiles(tiny, await pictures(8), { ...OF, targets: { top: 2 }, out })).rejects.toThrow(
      'evaluate: expected one layer, or several averaged ones, and one target; got several targets',
    );
    await expect(readFile(join(out, 'results.json'))).rejects.toThrow('ENOENT');
  });

  test('refuses boxes that no metric asks for', async () => {
    const options = { ...OF, metrics: ['insertion'], boxes: 'boxes.csv', out: join(folder, 'unasked') } as const;
    await expect(evaluateFiles(tiny, await pictures(8), options)).rejects.toThrow(
      'boxes: expected pointing-game or energy-inside among the metrics; got insertion',
    );
  });
});
