import { describe, expect, test } from 'vitest';
import { createdSession } from '../inference/session.node.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../onnx/build.js';
import { Tensor } from 'onnxruntime-node';
import { checkedMethods, methodNames, methods, parsedMethods, type MethodName } from './methods.js';

const [K, H, W] = [2, 2, 3];

/** Channel weights of one picture by the method's graph. */
async function weightsOf(
  method: MethodName,
  activations: readonly number[],
  gradients: readonly number[],
): Promise<number[]> {
  const b = new GraphBuilder(emptyGraph(method));
  const shape = ['batch', K, H, W];
  const [a, g] = [b.input('activations', 'float32', shape), b.input('gradients', 'float32', shape)];
  b.output(methods[method].weights(b, a, g), 'w');
  const session = await createdSession(modelOfGraph(b.graph), { threads: 1 });
  const tensor = (data: readonly number[]) => new Tensor('float32', Float32Array.from(data), [1, K, H, W]);
  const { w } = await session.run({ activations: tensor(activations), gradients: tensor(gradients) });
  await session.release();
  expect(w?.dims).toEqual([1, K, 1, 1]);
  return Array.from(w?.data as Float32Array);
}

const A = [1, 2, 0, -1, 0.5, 3, 0, 0, 1, 0, 2, -4];
const G = [0.5, -0.25, 0, 1, 0.125, 0, -1, -2, 0, -0.5, 0, -0.125];

describe('methods.gradcam.weights', () => {
  test('is the mean of the gradient (Selvaraju et al. 2017, eq. 1)', async () => {
    const w = await weightsOf('gradcam', A, G);
    expect(w[0]).toBeCloseTo(1.375 / 6, 6);
    expect(w[1]).toBeCloseTo(-3.625 / 6, 6);
  });
});

describe("methods['gradcam++'].weights", () => {
  test('is the formula of pytorch-grad-cam, position by position', async () => {
    const expected = [0, 1].map((k) => {
      const at = (values: readonly number[]) => values.slice(k * H * W, (k + 1) * H * W);
      const total = at(A).reduce((a, b) => a + b, 0);
      return at(G).reduce((sum, g) => {
        const alpha = g === 0 ? 0 : g ** 2 / (2 * g ** 2 + total * g ** 3 + 1e-6);
        return sum + alpha * Math.max(g, 0);
      }, 0);
    });
    const w = await weightsOf('gradcam++', A, G);
    expect(w[0]).toBeCloseTo(expected[0] as number, 6);
    expect(w[1]).toBe(0); // no positive gradient
  });

  test('is 0, not NaN, without any gradient', async () => {
    expect(
      await weightsOf(
        'gradcam++',
        A,
        G.map(() => 0),
      ),
    ).toEqual([0, 0]);
  });
});

describe('parsedMethods(text)', () => {
  test('reads names with commas, each once', () => {
    expect(parsedMethods('gradcam++, gradcam,gradcam++')).toEqual(['gradcam++', 'gradcam']);
    expect(parsedMethods(methodNames.join())).toEqual(['gradcam', 'gradcam++']);
  });

  test('refuses others and says what there is', () => {
    expect(() => parsedMethods('grad')).toThrow('--method: expected one or more of gradcam, gradcam++; got "grad"');
    expect(() => parsedMethods('gradcam,toString')).toThrow('got "toString"');
    expect(() => checkedMethods([])).toThrow('got ""');
  });
});
