import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { copiedGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Model } from '../../onnx/graph/graph.js';
import { preparedPictures } from '../../inference/networks/network-input.js';
import { goldenPath } from '../../fixtures/golden.js';
import { Explainer } from '../maps/explain.js';
import {
  evaluateMethods,
  type EvaluatedPicture,
  type EvaluateOptions,
  type MethodEvaluation,
  type PictureMeasurements,
} from './evaluate.js';
import { evaluationTable } from '../figures/evaluation-report.node.js';
import { brightnessNetwork, spotPicture } from '../networks.test.helper.js';

const TINY = fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url));
const BRIGHTNESS = brightnessNetwork({ height: 24, width: 24, weights: [8, -8] });
const SPOT = { picture: spotPicture(24, 24, 7, 15), target: 0 };
const OPTIONS: EvaluateOptions = {
  layers: 'features_conv',
  preparation: { normalization: { mean: [0, 0, 0], std: [0.1, 0.1, 0.1] }, resize: 'crop' },
};

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

  test('leaves values that are not finite out and counts them, also those of before an interruption', async () => {
    const { graph } = BRIGHTNESS;
    const b = new GraphBuilder({ ...copiedGraph(graph), outputs: [] });
    // Without the spot the root is of a number below 0.
    const mean = b.reduceMean('image', [1, 2, 3], true);
    const root = b.op('Flatten', [b.op('Sqrt', [b.sub(mean, b.scalar(1e-3))])], { axis: 1 });
    b.output(b.op('Softmax', [b.mul('logits', root)], { axis: 1 }, 'rooted'));
    const lines: PictureMeasurements[] = [];
    const options = { ...OPTIONS, methods: ['gradcam'], metrics: ['deletion', 'sparseness'] } as const;
    const measured = (pictures: EvaluatedPicture[], more: EvaluateOptions = {}) =>
      evaluateMethods(modelOfGraph(b.graph), pictures, { ...options, ...more });
    const whole = await measured([SPOT, SPOT], { onPicture: (of) => void lines.push(JSON.parse(JSON.stringify(of))) });
    const [{ values, notFinite } = { values: {}, notFinite: {} }] = whole.methods;
    expect([values.deletion, notFinite]).toEqual([undefined, { deletion: 2 }]);
    expect(values.sparseness).toBeGreaterThan(0);
    expect(evaluationTable(whole)).toContain('| – (2 not finite) |');
    expect(await measured([SPOT], { earlier: lines.slice(0, 1) })).toEqual(whole);
    const finite = { gradcam: { values: { deletion: 0.25 }, curves: {} } };
    const mixed = await measured([], { earlier: [...lines, finite] });
    expect(mixed.methods[0]).toMatchObject({ values: { deletion: 0.25 }, notFinite: { deletion: 2 } });
  });

  test('measures a method on the pictures that have it', async () => {
    const pictures = [{ ...SPOT, target: { class: 0, minus: 1 } }, SPOT];
    const options = { ...OPTIONS, methods: 'all', runs: { samples: 1, steps: 1 }, metrics: ['sparseness'] } as const;
    const { methods } = await evaluateMethods(BRIGHTNESS, pictures, options);
    const finer = methods.find(({ method }) => method === 'finercam');
    expect(finer).toMatchObject({ empty: 0, values: { sparseness: expect.any(Number) } });
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

  test('changes pictures by the same share of their range, wherever they are normalised, and names the colour of removed pixels', async () => {
    const { graph } = BRIGHTNESS;
    const b = new GraphBuilder();
    b.op('Div', [b.input('levels', 'float32', ['batch', 3, 24, 24]), b.scalar(255)], {}, 'image');
    for (const [name, tensor] of graph.initializers) b.initializer(name, tensor);
    for (const node of graph.nodes) b.append(node);
    for (const { name } of graph.outputs) b.output(name);
    const options = { methods: ['gradcam'], metrics: ['infidelity', 'max-sensitivity', 'road', 'deletion'] } as const;
    const measured = async (model: Model, std: number, mean = 0) => {
      const preparation = { normalization: { mean: [mean], std: [std] } };
      const found = await evaluateMethods(model, [SPOT], { ...OPTIONS, ...options, preparation });
      return { values: found.methods[0]?.values ?? {}, removed: found.removed };
    };
    const [outside, inside] = [await measured(BRIGHTNESS, 1), await measured(modelOfGraph(b.graph), 1 / 255)];
    expect(outside.values.infidelity).toBeGreaterThan(0);
    for (const metric of options.metrics)
      expect((inside.values[metric] as number) / (outside.values[metric] as number), metric).toBeCloseTo(1, 3);
    expect(inside.removed).toEqual([0, 0, 0]);
    expect((await measured(BRIGHTNESS, 0.5, 0.5)).removed).toEqual([128, 128, 128]);
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
