/** @file The WebAssembly replacement for onnxruntime-node has the behaviour that the code relies on. */
import * as native from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { modelBytes } from '../../../onnx/files/write.js';
import { wasmLibrary, type Library } from './wasm.node.js';

/** y = x + 1 and its sum, in a type. */
function networkBytes(type: 'float32' | 'float64' | 'int64'): Uint8Array {
  const b = new GraphBuilder();
  const x = b.input('x', type, ['n', 3]);
  b.output(b.op('Add', [x, x]), 'y');
  b.output(b.op('ReduceSum', [x], { keepdims: 0 }), 'sum');
  return modelBytes(modelOfGraph(b.graph));
}

describe('wasmLibrary()', () => {
  let wasm: Library;
  beforeAll(async () => {
    wasm = await wasmLibrary();
  });

  it.each([
    ['float32', Float32Array.of(1, 2.5, -3, 0, 7, 0.125)],
    ['float64', Float64Array.of(1, 2.5, -3, 0, 7, 0.125)],
    ['int64', BigInt64Array.of(1n, 2n, -3n, 0n, 7n, 9n)],
  ] as const)('computes %s as onnxruntime-node does', async (type, data) => {
    const results = await Promise.all(
      [
        { ...wasm, provider: 'wasm' },
        { InferenceSession: native.InferenceSession, Tensor: native.Tensor, provider: 'cpu' },
      ].map(async ({ InferenceSession, Tensor, provider }) => {
        const session = await InferenceSession.create(networkBytes(type), { executionProviders: [provider] });
        const { y, sum } = await session.run({ x: new Tensor(type, data, [2, 3]) });
        await session.release();
        return [y, sum].map((tensor) => ({ type: tensor?.type, dims: tensor?.dims, data: tensor?.data }));
      }),
    );
    expect(results[0]).toEqual(results[1]);
  });

  it('fills the tensors that are given for results, and returns them', async () => {
    const session = await wasm.InferenceSession.create(networkBytes('float32'), { executionProviders: ['wasm'] });
    const given = new wasm.Tensor('float32', new Float32Array(6), [2, 3]);
    const x = new wasm.Tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const results = await session.run({ x }, { y: given, sum: null });
    expect(results['y']).toBe(given);
    expect([...(given.data as Float32Array)]).toEqual([2, 4, 6, 8, 10, 12]);
    expect(results['sum']?.data).toEqual(Float32Array.of(21));
    await session.release();
  });
});
