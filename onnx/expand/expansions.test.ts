/** @file Expansions compute what ONNX Runtime's own operators compute, in all of their outputs. */
import { describe, expect, it } from 'vitest';
import type { AttributeValue } from '../graph/attributes.js';
import { GraphBuilder } from '../build/build.js';
import { outputsOf } from '../gradient/check.test.helper.js';
import type { Node } from '../graph/graph.js';
import { int64Tensor } from '../graph/tensor.js';
import { gridSample } from './sampling/grid-sample.js';
import { recurrent } from './recurrent.js';
import type { Expansion } from './expansion.js';

interface Case {
  op: string;
  expansion: Expansion;
  /** Sizes of the inputs; null where one is absent. */
  inputs: readonly (readonly number[] | null)[];
  attributes?: Record<string, AttributeValue>;
  outputs?: number;
}

const paddings = ['zeros', 'border', 'reflection'];
const gates = { LSTM: 4, GRU: 3, RNN: 1 };

const cases: Case[] = [
  ...paddings.flatMap((padding) =>
    ['bilinear', 'nearest'].flatMap((mode) =>
      [0, 1].map((align): Case => ({
        op: 'GridSample',
        expansion: gridSample,
        inputs: [
          [2, 3, 5, 4],
          [2, 6, 7, 2],
        ],
        attributes: { mode, padding_mode: padding, align_corners: align },
      })),
    ),
  ),
  {
    op: 'GridSample',
    expansion: gridSample,
    inputs: [
      [2, 3, 5, 4],
      [2, 6, 7, 2],
    ],
    attributes: { mode: 'bicubic' },
  },
  ...(['LSTM', 'GRU', 'RNN'] as const).flatMap((op) =>
    ['forward', 'reverse', 'bidirectional'].flatMap((direction) =>
      [false, true].map((withStates): Case => {
        const directions = direction === 'bidirectional' ? 2 : 1;
        const state = [directions, 2, 4];
        const states = [null, state, ...(op === 'LSTM' ? [state, [directions, 12]] : [])];
        return {
          op,
          expansion: recurrent,
          inputs: [
            [5, 2, 3],
            [directions, 4 * gates[op], 3],
            [directions, 4 * gates[op], 4],
            withStates ? [directions, 8 * gates[op]] : null,
            ...(withStates ? states : []),
          ],
          attributes: { hidden_size: 4, direction, ...(op === 'GRU' && { linear_before_reset: withStates ? 1 : 0 }) },
          outputs: op === 'LSTM' ? 3 : 2,
        };
      }),
    ),
  ),
];

describe('an expansion', () => {
  it.each(cases)('of $op computes the same: $inputs $attributes', async (entry) => {
    const { op, expansion, inputs, attributes, outputs: count = 1 } = entry;
    const b = new GraphBuilder();
    const feeds: Parameters<typeof outputsOf>[1] = {};
    const names = inputs.map((dims, index) => {
      if (!dims) return '';
      const size = dims.reduce((product, dim) => product * dim, 1);
      const scale = op === 'GridSample' && index === 1 ? 2.7 : 1;
      feeds[`x${index}`] = { dims, data: Array.from({ length: size }, (_, at) => scale * Math.sin(1.7 * at + index)) };
      return b.input(`x${index}`, 'float32', dims);
    });
    const outputs = b.ops(op, names, count, attributes, 'y');
    const made = expansion(b.graph.nodes.at(-1) as Node, b);
    for (const name of [...outputs, ...made]) b.output(name);
    const results = await outputsOf(b, feeds);
    outputs.forEach((name, index) => {
      const [own, theirs] = [results[made[index] as string] ?? [], results[name] ?? []];
      expect(own.length).toBe(theirs.length);
      expect(Math.max(...own.map((value, at) => Math.abs(value - (theirs[at] as number))))).toBeLessThan(1e-5);
      expect(b.shape(made[index] as string)).toEqual(b.shape(name));
    });
  });

  it('of a recurrent layer takes sequence_lens that are constant and full', () => {
    const withLengths = (...lengths: number[]) => {
      const b = new GraphBuilder();
      const sizes = [
        [3, 2, 3],
        [1, 4, 3],
        [1, 4, 4],
      ];
      const names = sizes.map((dims, index) => b.input(`x${index}`, 'float32', dims));
      const given = b.initializer('lengths', int64Tensor(lengths));
      b.op('RNN', [...names, '', given], { hidden_size: 4 }, 'y');
      return () => recurrent(b.graph.nodes.at(-1) as Node, b);
    };
    expect(withLengths(3, 3)()).toHaveLength(2);
    expect(withLengths(3, 2)).toThrow('RNN "y": input sequence_lens other than the constant 3 is not supported');
  });
});
