/** @file What the fuzzer found, in small: graphs that ended in an error without a node's name or in a stack trace. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../onnx/build/build.js';
import { InputError } from '../onnx/errors.js';
import { gradients } from '../onnx/gradient/walk.js';
import type { DataType, Model } from '../onnx/graph/graph.js';
import { upgradedModel } from '../onnx/upgrade/upgrade.js';

function start(type: DataType = 'float32'): GraphBuilder {
  const b = new GraphBuilder();
  b.input('x', type, ['batch', 4, 3, 3]);
  return b;
}

/** The message of an InputError; other errors fail the test. */
function refusal(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

describe('gradients', () => {
  const refused = (b: GraphBuilder) => refusal(() => gradients(b, 'y', ['x']));
  const none = 'no layer after it can be explained';

  it('name the node before which a shape is unknown (seed 1: 583, 968, 1975, 6709; seed 2: 6762, 7686)', () => {
    const b = start();
    b.graph.valueInfo.set('y', { name: 'y', value: { type: 'float32', shape: ['batch', 36] } });
    b.append({ op: 'Squeeze', domain: '', name: 'lost', inputs: ['x'], outputs: [], attributes: {} });
    b.add('x', 'squeezed', 'sum');
    b.op('Reshape', ['sum', b.ints([0, -1])], {}, 'y');
    expect(refused(b)).toBe(`Reshape "y": the shape of "sum" cannot be inferred; ${none}`);
  });

  it('refuse a convolution whose weights have an open size (seed 1: 4038; seed 2: 2546)', () => {
    const b = start();
    b.op('Conv', ['x', 'x'], {}, 'y');
    expect(refused(b)).toBe(`Conv "y": reshape to [batch,batch]: more than one symbolic size; ${none}`);
  });

  it('refuse an operator that lacks an input (seed 2: 745)', () => {
    const b = start();
    b.op('Pow', ['x'], {}, 'y');
    expect(refused(b)).toBe(`Pow "y": the type of "undefined" cannot be inferred; ${none}`);
  });

  it('refuse types that do not hold the constants of a rule', () => {
    const b = start('bfloat16');
    b.op('HardSwish', ['x'], {}, 'y');
    expect(refused(b)).toBe('"y": expected a type that holds 1; got bfloat16');
  });
});

describe('upgradedModel', () => {
  const modelAt = (opset: number, b: GraphBuilder): Model => ({
    ...modelOfGraph(b.graph),
    opsets: new Map([['', opset]]),
  });

  it('refuses Gelu of integers (seed 2: 4490)', () => {
    const b = start('int64');
    b.op('Gelu', ['x'], {}, 'y');
    expect(refusal(() => upgradedModel(modelAt(20, b)))).toBe(
      '"x": expected a type that holds 0.7071067811865476; got int64',
    );
  });

  it('refuses Pad with fewer pads than its axes need (seed 2: 8452)', () => {
    const b = start();
    const inputs = ['x', b.ints([1]), '', b.ints([2])];
    b.graph.nodes.push({ op: 'Pad', domain: '', name: 'y', inputs, outputs: ['y'], attributes: {} });
    expect(refusal(() => upgradedModel(modelAt(20, b)))).toBe('Pad "y": expected 2 pads for 1 axes; got 1');
  });
});
