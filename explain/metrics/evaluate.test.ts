import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { preparedPictures } from '../../inference/networks/network-input.js';
import { goldenPath } from '../../fixtures/golden.js';
import { decodePicture, encodePng } from '../../inference/pictures/pictures.node.js';
import { evaluateFiles } from '../files/evaluate-files.node.js';
import { Explainer } from '../maps/explain.js';
import { evaluateMethods, type EvaluateOptions, type MethodEvaluation } from './evaluate.js';
import { evaluationTable } from '../figures/evaluation-report.node.js';
import { brightnessNetwork, spotPicture } from '../networks.test.helper.js';

const TINY = fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url));
const BRIGHTNESS = brightnessNetwork({ height: 24, width: 24, weights: [8, -8] });
const SPOT = { picture: spotPicture(24, 24, 7, 15), target: 0 };
const OPTIONS: EvaluateOptions = {
  layers: 'features_conv',
  preparation: { normalization: { mean: [0, 0, 0], std: [0.1, 0.1, 0.1] }, resize: 'crop' },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-evaluate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('evaluateMethods(source, pictures, options)', () => {
  test('finds that a map of the only thing that counts explains everything', async () => {
    const metrics = ['deletion', 'road', 'average-drop'] as const;
    const options = { ...OPTIONS, methods: ['gradcam'], metrics } as const;
    const { pictures, methods } = await evaluateMethods(BRIGHTNESS, [SPOT, SPOT], options);
    const [only] = methods as [MethodEvaluation];
    const { method, empty, values } = only;
    expect([pictures, method, empty]).toEqual([2, 'gradcam', 0]);
    const [before = 0, after] = only.curves['deletion']?.y ?? [];
    expect(before).toBeGreaterThan(0.9);
    expect(after, 'without the spot, both classes are as likely').toBeCloseTo(0.5, 6);
    expect(values.deletion).toBeCloseTo(0.5 + (before - 0.5) / 40, 6);
    expect(values['average-drop']).toBeLessThan(15);
    expect(values.road).toBeGreaterThan(0.1);
  });

  test('follows the probability that explanations tell, and says what else was taken for it', async () => {
    const options = { ...OPTIONS, methods: ['gradcam'], metrics: ['deletion'] } as const;
    const labels = (ending: 'Sigmoid' | 'none') =>
      brightnessNetwork({ height: 24, width: 24, weights: [3, 1, -1], ending });
    const explainer = await Explainer.load(labels('Sigmoid'), OPTIONS);
    const [explanation] = await explainer.explain([SPOT.picture], { ...options, targets: SPOT.target });
    const { methods, confidence } = await evaluateMethods(explainer, [SPOT], options);
    await explainer.dispose();
    expect(methods[0]?.curves['deletion']?.y[0]).toBeCloseTo(explanation?.probability ?? NaN, 6);
    expect(confidence).toBeUndefined();
    const measured = await evaluateMethods(labels('none'), [SPOT], options);
    expect(measured.confidence).toEqual(['softmax over the scores']);
    const others = await evaluateMethods(labels('none'), [SPOT], { ...options, metrics: ['sparseness'] });
    expect(others).not.toHaveProperty('confidence');
  });

  test('gives the mean of the pictures and of their curves', async () => {
    const other = { picture: spotPicture(24, 24, 16, 8), target: 0 };
    const options = { ...OPTIONS, methods: ['gradcam'], metrics: ['deletion'] } as const;
    const runs = [[SPOT], [other], [SPOT, other]].map((pictures) => evaluateMethods(BRIGHTNESS, pictures, options));
    const [a, b, both] = (await Promise.all(runs)).map(({ methods: [method] }) => method);
    const value = (of: typeof a) => of?.values.deletion ?? Number.NaN;
    expect(value(both)).toBeCloseTo((value(a) + value(b)) / 2, 6);
    const at = (of: typeof a) => of?.curves['deletion']?.y[1] ?? Number.NaN;
    expect(at(both)).toBeCloseTo((at(a) + at(b)) / 2, 6);
  });

  test('leaves empty maps out and counts them', async () => {
    const dark = { picture: spotPicture(24, 24, 7, 15), target: 1 };
    const evaluation = await evaluateMethods(BRIGHTNESS, [SPOT, dark], {
      ...OPTIONS,
      methods: ['gradcam'],
      metrics: ['deletion'],
    });
    expect(evaluation.methods[0]?.empty).toBe(1);
    expect(evaluationTable(evaluation)).toContain('| Grad-CAM (1 empty) | 0.');
    const none = await evaluateMethods(BRIGHTNESS, [dark], {
      ...OPTIONS,
      methods: ['gradcam'],
      metrics: ['deletion'],
    });
    expect(evaluationTable(none)).toContain('| Grad-CAM (1 empty) | – |');
  });

  test('a trained discriminator’s maps change when its weights are random', async () => {
    const picture = spotPicture(32, 32, 20, 12);
    const { methods } = await evaluateMethods(TINY, [{ picture }], {
      methods: ['gradcam'],
      metrics: ['randomization'],
    });
    const curve = methods[0]?.curves['randomization-rank-correlation'];
    expect(curve?.x).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(curve?.y[0]).toBe(1);
    const correlation = methods[0]?.values.randomization ?? 1;
    expect(Math.abs(correlation)).toBeLessThan(0.8);
    expect(correlation).toBe(curve?.y.at(-1));
  });

  test('keeps no map of another target of the same numbers', async () => {
    const explainer = await Explainer.load(goldenPath('squeeze.onnx'));
    const measured = async (numbers: readonly Float32Array[]) => {
      const values: unknown[] = [];
      await evaluateMethods(
        explainer,
        numbers.map((prepared, at) => ({ ...SPOT, prepared, target: 2 * at })),
        {
          methods: ['gradcam'],
          metrics: ['randomization'],
          onPicture: ({ gradcam }) => void values.push(gradcam?.values.randomization),
        },
      );
      return values;
    };
    const prepared = preparedPictures([SPOT.picture], explainer.input);
    const [same, copies] = [await measured([prepared, prepared]), await measured([prepared, prepared.slice()])];
    await explainer.dispose();
    expect(same[0]).not.toBe(same[1]);
    expect(same).toEqual(copies);
  });

  test('takes one layer', async () => {
    await expect(evaluateMethods(TINY, [{ picture: SPOT.picture }], { layers: 'all-convs' })).rejects.toThrow(
      'evaluate: expected one layer, or several averaged ones, and one target; got 3 layers',
    );
  });
});

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
