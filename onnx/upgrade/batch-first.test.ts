import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { outputsOf } from '../gradient/check.test.helper.js';
import { upgradedModel } from './upgrade.js';

const wave = (dims: readonly number[]) => ({
  dims,
  data: Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, at) => Math.sin(1.3 * at)),
});
const [X, W, R, B] = [
  [2, 3, 5],
  [2, 12, 5],
  [2, 12, 4],
  [2, 24],
] as const;
const H = [2, 2, 4] as const;

/** A GRU on x [batch, sequence, inputs] with the layout, or with Transpose nodes around it. */
function gru(layout: 0 | 1): GraphBuilder {
  const b = new GraphBuilder();
  const names = Object.entries({ X, W, R, B, H }).map(([name, dims]) => b.input(name, 'float32', dims));
  const [x, w, r, bias, h] = names as [string, string, string, string, string];
  const exchanged = (value: string) => (layout === 1 ? value : b.transpose(value, [1, 0, 2]));
  const attributes = { hidden_size: 4, direction: 'bidirectional', ...(layout === 1 && { layout }) };
  const [y = '', last = ''] = b.ops('GRU', [exchanged(x), w, r, bias, '', exchanged(h)], 2, attributes, 'gru');
  b.output(layout === 1 ? y : b.transpose(y, [2, 0, 1, 3]), 'all');
  b.output(exchanged(last), 'last');
  return b;
}

describe('upgradedModel(recurrent layer with the batch first)', () => {
  it('computes what the layer with the sequence first computes', async () => {
    const upgraded = new GraphBuilder(upgradedModel(modelOfGraph(gru(1).graph)).graph);
    expect(upgraded.shape('all')).toEqual([2, 3, 2, 4]);
    const feeds = { X: wave(X), W: wave(W), R: wave(R), B: wave(B), H: wave(H) };
    expect(await outputsOf(upgraded, feeds)).toEqual(await outputsOf(gru(0), feeds));
  });
});
