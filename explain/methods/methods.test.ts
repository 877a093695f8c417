import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { createSession } from '../../inference/runtime/session.node.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { relativeError } from '../../fixtures/golden.js';
import {
  affordableMethods,
  checkedMethods,
  methodNames,
  methods,
  suitableMethods,
  suitedMethods,
  type WeightedMethodName,
} from './table.js';
import { brightnessNetwork } from '../networks.test.helper.js';
import { weightedMethods } from './layer/weighted.js';

const [K, H, W] = [2, 2, 3];
const SIZES = { height: 8, width: 8 };

/** Σ_k of a method's weighted activations of one picture. */
async function signedMap(
  method: WeightedMethodName,
  activations: readonly number[],
  gradients: readonly number[],
): Promise<Float32Array> {
  const b = new GraphBuilder(emptyGraph(method));
  const shape = ['batch', K, H, W];
  const [a, g] = [b.input('activations', 'float32', shape), b.input('gradients', 'float32', shape)];
  b.output(b.reduceSum(weightedMethods[method].weighted(b, a, g), [1], false), 'map');
  const session = await createSession(modelOfGraph(b.graph), { threads: 1 });
  const tensor = (data: readonly number[]) => new Tensor('float32', Float32Array.from(data), [1, K, H, W]);
  const { map } = await session.run({ activations: tensor(activations), gradients: tensor(gradients) });
  await session.release();
  expect(map?.dims).toEqual([1, H, W]);
  return map?.data as Float32Array;
}

const A = [1, 2, 0, -1, 0.5, 3, 0, 0, 1, 0, 2, -4];
const G = [0.5, -0.25, 0, 1, 0.125, 0, -1, -2, 0, -0.5, 0.25, -0.125];

/** The map of channel weights that `weight` makes of a channel's activations and gradients. */
const channelMap = (weight: (a: readonly number[], g: readonly number[]) => number) => {
  const map = Array.from({ length: H * W }, () => 0);
  for (let k = 0; k < K; k++) {
    const [a, g] = [A, G].map((values) => values.slice(k * H * W, (k + 1) * H * W)) as [number[], number[]];
    const w = weight(a, g);
    a.forEach((value, at) => (map[at] = (map[at] ?? 0) + w * value));
  }
  return map;
};
/** The map of elements of all channels. */
const elementMap = (element: (a: number, g: number) => number) =>
  Array.from({ length: H * W }, (_, at) =>
    Array.from({ length: K }, (_v, k) => element(A[k * H * W + at]!, G[k * H * W + at]!)).reduce((a, b) => a + b, 0),
  );
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const positive = (value: number) => Math.max(value, 0);

const expected: Record<WeightedMethodName, readonly number[]> = {
  gradcam: channelMap((_a, g) => sum(g) / (H * W)),
  'gradcam++': channelMap((a, g) =>
    sum(g.map((v) => (v === 0 ? 0 : (v ** 2 / (2 * v ** 2 + sum(a) * v ** 3 + 1e-6)) * positive(v)))),
  ),
  'gradcam++-normalized': channelMap((a, g) => {
    const alphas = g.map((v) => v ** 2 / (2 * v ** 2 + sum(a) * v ** 3 || 1));
    const share = sum(alphas.filter((_, at) => g[at]! > 0)) || 1;
    return sum(g.map((v, at) => (alphas[at]! / share) * positive(v)));
  }),
  'gradcam++-mean': channelMap((a, g) => {
    const alpha = (v: number) => v ** 2 / (2 * v ** 2 + (sum(a) / (H * W)) * v ** 3 || Number.POSITIVE_INFINITY);
    return sum(g.map((v) => alpha(v) * positive(v))) / (H * W);
  }),
  hirescam: elementMap((a, g) => a * g),
  xgradcam: channelMap((a, g) => sum(a.map((v, at) => v * g[at]!)) / (sum(a) + 1e-7)),
  layercam: elementMap((a, g) => positive(g) * a),
  'gradcam-elementwise': elementMap((a, g) => positive(g * a)),
  // Windows of 2×2 of two rows and three columns: the last has one column.
  'seg-xres-cam': A.slice(0, H * W).map((_, at) => {
    const [first, last] = at % W < 2 ? [0, 2] : [2, 3];
    const window = (k: number) => [0, 1].flatMap((y) => G.slice(k * H * W + y * W + first, k * H * W + y * W + last));
    return sum([0, 1].map((k) => (sum(window(k)) / window(k).length) * A[k * H * W + at]!));
  }),
  finercam: channelMap((_a, g) => sum(g) / (H * W)),
};

describe('weighted(b, activations, gradients)', () => {
  test.each(Object.entries(expected))('of %s is its formula', async (method, map) => {
    expect(relativeError(await signedMap(method as WeightedMethodName, A, G), map)).toBeLessThan(1e-5);
  });

  test.each(Object.keys(expected))('of %s is 0, not NaN, without any gradient', async (method) => {
    const map = await signedMap(
      method as WeightedMethodName,
      A,
      G.map(() => 0),
    );
    expect([...map].map(Math.abs)).toEqual(Array.from({ length: H * W }, () => 0));
  });
});

describe('checkedMethods(names)', () => {
  test('gives each once, and refuses none', () => {
    expect(checkedMethods(['gradcam++', 'gradcam', 'gradcam++'])).toEqual(['gradcam++', 'gradcam']);
    expect(() => checkedMethods([])).toThrow('got ""');
  });
});

describe('affordableMethods(head)', () => {
  test('leaves out what takes minutes for a large network', () => {
    const head = { logits: 'logits', classes: 3, kind: 'classifier' } as const;
    const network = {
      graph: brightnessNetwork({ ...SIZES, weights: [1, 2, 3] }).graph,
      head,
      grid: { picture: SIZES },
    };
    const unsuited = suitableMethods(head).filter((name) => !suitedMethods(network).includes(name));
    expect(unsuited).toEqual(['attention-rollout', 'gradient-rollout', 'legrad']);
    expect(suitedMethods(network).filter((name) => !affordableMethods(network).includes(name))).toEqual([
      'ss-cam',
      'is-cam',
      'rise',
      'lime',
      'kernel-shap',
      'sobol',
      'hsic',
    ]);
  });
});

describe('suitableMethods(head)', () => {
  test('leaves out what compares classes where there is one score, or scores have positions', () => {
    const head = { logits: 'logit', classes: 1, kind: 'discriminator' } as const;
    const grid = { height: 1, width: 4 };
    for (const other of [
      head,
      { ...head, kind: 'dense', classes: 3, grid },
      { ...head, kind: 'boxes', classes: 3, grid },
    ] as const)
      expect(methodNames.filter((name) => !suitableMethods(other).includes(name))).toEqual(['finercam']);
    expect(suitableMethods({ ...head, kind: 'classifier', classes: 2 })).toEqual(methodNames);
  });
});

test('every method has a title of its own', () => {
  expect(new Set(methodNames.map((name) => methods[name].title)).size).toBe(methodNames.length);
});
