/** @file Shapes of recurrent layers: LSTM, GRU and RNN share them. */
import { numberAttribute, stringAttribute } from '../graph/attributes.js';
import type { Dim } from '../graph/graph.js';
import { first, shapeOfAtLeast, type ShapeRule } from './rule.js';

/** X [sequence, batch, …] → Y [sequence, directions, batch, hidden], then the last state, and of LSTM the last cell. */
export const recurrent: ShapeRule = (node, types) => {
  const type = first(node, types)?.type;
  const [shape, weights] = [shapeOfAtLeast(node, types, 0, 3), shapeOfAtLeast(node, types, 2, 3)];
  if (!type || !shape || !weights) return [];
  const directions = stringAttribute(node, 'direction', 'forward') === 'bidirectional' ? 2 : 1;
  const hidden = weights[2] as Dim;
  // With layout 1 the batch is the first axis of all.
  const [batchFirst, sequence, batch] =
    numberAttribute(node, 'layout', 0) === 1 ? [true, shape[1], shape[0]] : [false, shape[0], shape[1]];
  const all = batchFirst ? [batch, sequence, directions, hidden] : [sequence, directions, batch, hidden];
  const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  const states = [all, last, last].map((dims) => ({ type, shape: dims as Dim[] }));
  return states.slice(0, node.outputs.length);
};
