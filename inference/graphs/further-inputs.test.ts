import { describe, expect, test } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { DataType } from '../../onnx/graph/graph.js';
import { createSession } from '../runtime/session.node.js';
import { Tensor } from '../runtime/onnxruntime/library.node.js';
import { withGivenInputs } from './further-inputs.js';

/** What a network gets that takes `data` in an input of a type, as doubles. */
async function received(type: DataType, data: readonly number[]): Promise<number[]> {
  const b = new GraphBuilder();
  const picture = b.input('picture', 'float32', ['batch', 1]);
  const further = b.input('further', type, [data.length]);
  b.output(b.op('Cast', [further], { to: 11 }), 'numbers');
  b.output(b.op('Identity', [picture]), 'same');
  const session = await createSession(withGivenInputs(modelOfGraph(b.graph), picture, new Map([[further, { data }]])));
  const { numbers } = await session.run({ picture: new Tensor('float32', new Float32Array(1), [1, 1]) });
  await session.release();
  return Array.from(numbers?.data as Float64Array);
}

describe('withGivenInputs(model, picture, given)', () => {
  test.each([
    ['int32', [16_777_217, -(2 ** 31)]],
    ['uint32', [2 ** 32 - 1]],
    ['int64', [2 ** 53 - 1, -3]],
    ['uint64', [2 ** 53 - 1]],
    ['uint8', [0, 255]],
    ['int8', [-128]],
    ['bool', [0, 1]],
    ['float64', [0.1, 16_777_217]],
    ['float16', [0.5]],
    ['float32', [Math.fround(0.1)]],
  ] as const)('gives an input of %s the numbers as they are: %j', async (type, data) => {
    expect(await received(type, data)).toEqual(data);
  });

  test.each([
    ['int32', 0.7, 'input "further": expected int32: whole numbers of -2147483648…2147483647; got 0.7'],
    ['int64', 0.7, 'input "further": expected int64: whole numbers of -9007199254740991…9007199254740991; got 0.7'],
    ['int64', 2 ** 53, 'got 9007199254740992'],
    ['uint8', 256, 'input "further": expected uint8: whole numbers of 0…255; got 256'],
    ['int8', -129, 'got -129'],
    ['uint32', -1, 'got -1'],
    ['bool', 2, 'input "further": expected bool: whole numbers of 0…1; got 2'],
  ] as const)('refuses for an input of %s the number %d', async (type, number, message) => {
    await expect(received(type, [1, number])).rejects.toThrow(message);
  });
});
