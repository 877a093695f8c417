import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createSession } from '../../inference/runtime/session.node.js';
import { adamScalars, adamUpdate } from './adam.js';
import { GraphBuilder, modelOfGraph } from './build.js';

describe('adamUpdate(b, state, rates)', () => {
  it('agrees with PyTorch', async () => {
    // x = torch.tensor([1., -2., .5], requires_grad=True); Adam([x], lr=.1, betas=(.8, .99)); gradients x**2, three steps.
    const expected = [0.70265621, -1.7011364, 0.20719025];
    const b = new GraphBuilder();
    for (const name of ['x', 'm', 'v']) b.input(name, 'float32', [3]);
    for (const name of ['step', 'correction']) b.input(name, 'float32', []);
    const state = { value: 'x', gradient: b.mul('x', b.scalar(2)), m: 'm', v: 'v' };
    const next = adamUpdate(b, state, { stepSize: 'step', correction: 'correction', beta1: 0.8, beta2: 0.99 });
    for (const [name, value] of Object.entries(next)) b.output(value, `next_${name}`);
    const session = await createSession(modelOfGraph(b.graph));
    const vector = (data: Float32Array) => new Tensor('float32', data, [3]);
    let [x, m, v] = [Float32Array.of(1, -2, 0.5), new Float32Array(3), new Float32Array(3)];
    for (let t = 1; t <= 3; t++) {
      const { stepSize, correction } = adamScalars(t, 0.1, 0.8, 0.99);
      const results = await session.run({
        x: vector(x),
        m: vector(m),
        v: vector(v),
        step: new Tensor('float32', Float32Array.of(stepSize), []),
        correction: new Tensor('float32', Float32Array.of(correction), []),
      });
      [x, m, v] = ['next_value', 'next_m', 'next_v'].map((name) => results[name]?.data as Float32Array) as [
        Float32Array<ArrayBuffer>,
        Float32Array<ArrayBuffer>,
        Float32Array<ArrayBuffer>,
      ];
    }
    await session.release();
    expected.forEach((value, i) => expect(x[i]).toBeCloseTo(value, 6));
  });
});
