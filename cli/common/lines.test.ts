import type { Layer } from 'ganscope/explain';
import { describe, expect, test } from 'vitest';
import { evaluationLines, layerLines } from './lines.js';

const layer = (name: string, index?: number): Layer => ({
  name,
  value: `${name}_output`,
  op: index === undefined ? 'Relu' : 'Conv',
  shape: ['batch', 4, 8, 8],
  ...(index !== undefined && { index }),
});

describe('layerLines(layers, taken)', () => {
  test('marks what is taken, be it a convolution or not', () => {
    const convs = [layer('first', 0), layer('second', 1)];
    expect(layerLines(convs, [layer('second', 1), layer('relu')])).toEqual([
      '  0\tfirst\tConv\t[batch, 4, 8, 8]',
      '* 1\tsecond\tConv\t[batch, 4, 8, 8]',
      '* \trelu\tRelu\t[batch, 4, 8, 8]',
    ]);
  });
});

describe('evaluationLines(evaluation)', () => {
  test('tell what was taken for probability and colour, and nothing where nothing was', () => {
    expect(evaluationLines({ confidence: ['softmax over the scores'], removed: [124, 116, 104] })).toEqual([
      'Probability of the target: softmax over the scores, as the network has none',
      "Removed pixels: colour 124, 116, 104 of 255, which is 0 in the network's numbers",
    ]);
    expect(evaluationLines({})).toEqual([]);
  });
});
