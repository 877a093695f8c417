/** @file Maps that show nothing say why. */
import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../onnx/build/build.js';
import type { Model } from '../onnx/graph/graph.js';
import { float32Tensor } from '../onnx/graph/tensor.js';
import { Explainer, type ExplainOptions } from './maps/explain.js';
import { explained, HEIGHT, PREPARATION, SPOT, WIDTH } from './explained.test.helper.js';
import { brightnessNetwork, peak } from './networks.test.helper.js';
import { emptyMapNote } from './figures/verdict.js';
import { affordableMethods } from './methods/table.js';

describe('explainer.explain(pictures, options)', () => {
  test('an all-zero map comes with its reason', async () => {
    const reasons = async (model: Model, options: ExplainOptions = {}, picture = SPOT) =>
      (await explained(model, [picture], options)).map(({ raw, normalized, reason }) => {
        expect(normalized.every((value) => value === 0)).toBe(true);
        return [raw.every((value) => value === 0), reason];
      });
    const discriminator = (bias: number) => brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1], bias });
    const both = (zero: boolean, reason: string) => [
      [zero, reason],
      [zero, reason],
    ];
    expect(await reasons(discriminator(0), { targets: 'fake' })).toEqual(both(true, 'all contributions negative'));
    expect(await reasons(discriminator(-9))).toEqual(both(true, 'zero gradient'));
    expect(await reasons(discriminator(0), { layers: 'unused_conv' })).toEqual(
      both(true, 'layer not connected to the score'),
    );
    const flat = { ...SPOT, data: new Uint8Array(SPOT.data.length) };
    expect(await reasons(discriminator(1), { targets: 'real' }, flat)).toEqual(both(false, 'constant map'));
  });

  describe('of a discriminator that is sure of itself, whose map is always zero elsewhere', () => {
    /** D(x) is 1 in float32, and the gradient of the sigmoid exactly 0. */
    const sure = (behind = false): Model => {
      const model = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1e6] });
      if (!behind) return model;
      const b = new GraphBuilder({ ...model.graph, outputs: [] });
      b.output(b.mul('scores', b.scalar(1), 'scaled_scores'));
      return { ...model, graph: b.graph };
    };

    test('the map is that of the logit, before the sigmoid that saturates', async () => {
      for (const map of await explained(sure(), [SPOT], { targets: 'real' })) {
        expect([map.probability, map.reason]).toEqual([1, undefined]);
        expect(peak(map.normalized, WIDTH)).toEqual([31, 5]);
      }
    });

    test('where the sigmoid cannot be left out, the reason says so and what to explain instead', async () => {
      const [map] = await explained(sure(true), [SPOT], { targets: 'real' });
      expect(map).toMatchObject({
        score: 1,
        reason: 'saturated output',
        saturation: { op: 'Sigmoid', input: 'logits' },
      });
      expect(emptyMapNote(map!)).toBe(
        'Saturated output: the gradient ends at Sigmoid "scores", which is flat here; try output logits, which goes into it.',
      );
      const explainer = await Explainer.load(sure(true), { preparation: PREPARATION, output: 'logits' });
      const [shown] = await explainer.explain([SPOT], { layers: 'features_conv', targets: 'real' });
      await explainer.dispose();
      expect(peak(shown!.normalized, WIDTH)).toEqual([31, 5]);
      expect(shown!.reason).toBeUndefined();
    });
  });

  test('the score of a class is finite beside a masked one of −∞, by methods that run the network again', async () => {
    const model = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1, -1, 0], ending: 'none' });
    const b = new GraphBuilder({ ...model.graph, outputs: [] });
    const mask = b.initializer('mask', float32Tensor([0, 0, Number.NEGATIVE_INFINITY], [3]));
    b.output(b.add('logits', mask, 'masked'));
    const options: ExplainOptions = {
      methods: ['ablationcam', 'scorecam', 'occlusion', 'integrated-gradients'],
      targets: 0,
    };
    for (const { method, reason, signed, completeness } of await explained(
      { ...model, graph: b.graph },
      [SPOT],
      options,
    )) {
      expect([method, reason]).toEqual([method, undefined]);
      expect(signed.every(Number.isFinite)).toBe(true);
      if (completeness) expect(completeness.sum).toBeCloseTo(completeness.difference, 4);
    }
  });

  test('a map that is not finite names the node, whatever the method', async () => {
    const model = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1] });
    const b = new GraphBuilder({ ...model.graph, outputs: [] });
    const nothing = b.mul('logits', b.scalar(0), 'nothing');
    b.output(b.add('logits', b.op('Sqrt', [nothing], {}, 'root'), 'total'));
    for (const map of await explained({ ...model, graph: b.graph }, [SPOT], { targets: 0 })) {
      expect(map).toMatchObject({ reason: 'not finite', nonFinite: { op: 'Sqrt', name: 'root', isDerivative: true } });
      expect(emptyMapNote(map)).toBe(
        'Not finite: the derivative of Sqrt "root" is infinite or undefined on this picture (as of a root, logarithm or ' +
          'quotient at 0, such as a standard deviation without ε); try a later layer.',
      );
    }
  });

  test('a map of several layers names the node of any of them', async () => {
    const b = new GraphBuilder(emptyGraph('network'));
    const image = b.input('image', 'float32', ['batch', 3, 4, 4]);
    const kernel = b.initializer('kernel', float32Tensor([0.5, 0.5, 0.5], [1, 3, 1, 1]));
    const conv = (name: string) => b.op('Conv', [image, kernel], { kernel_shape: [1, 1] }, name);
    const parts = [
      b.mul(conv('unread'), b.scalar(0)),
      b.op('Sqrt', [b.op('Relu', [conv('read')])], {}, 'root'),
    ] as const;
    b.output(b.reduceMean(b.add(...parts), [2, 3], false, 'score'));
    const black = { width: 4, height: 4, channels: 3 as const, data: new Uint8Array(48) };
    const maps = await explained(modelOfGraph(b.graph), [black], { layers: 'unread+read', targets: 'score' });
    expect(maps.map(({ reason, nonFinite }) => [reason, nonFinite?.name])).toEqual([
      ['not finite', 'root'],
      ['not finite', 'root'],
    ]);
  });

  test('every method gives a reason for a map that shows nothing', async () => {
    const dead = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1, -1], bias: -9 });
    const maps = await explained(dead, [SPOT], { methods: 'all', targets: 0, runs: { samples: 2, steps: 2 } });
    expect(maps.map(({ method }) => method).toSorted()).toEqual(
      affordableMethods({
        graph: dead.graph,
        head: { kind: 'classifier', logits: 'logits', classes: 2 },
        grid: { picture: { height: HEIGHT, width: WIDTH } },
        layers: [{ name: 'features_conv', value: 'features_conv', op: 'Conv', shape: [] }],
      }).toSorted(),
    );
    // Principal components are of the activations alone; Deconvolution passes gradients through activations that are 0.
    const seeing = maps.filter(({ reason }) => reason === undefined).map(({ method }) => method);
    expect(seeing).toEqual(['eigencam', 'kpca-cam', 'deconvolution']);
    for (const { method, reason, normalized } of maps) {
      if (reason !== undefined) expect([method, Math.max(...normalized)]).toEqual([method, 0]);
    }
  });
});
