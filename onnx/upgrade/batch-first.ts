/** @file Recurrent layers whose first axis is the batch, which ONNX Runtime does not run, with the sequence first. */
import { numberAttribute } from '../graph/attributes.js';
import { outputOf } from '../graph/graph.js';
import { without, type Conversion } from './conversion.js';

/** Inputs of LSTM, GRU and RNN that have the batch first: X, and the initial states. */
const STATES = [0, 5, 6];

/** Layout 1 as layout 0 between transpositions. */
export const sequenceFirst: Conversion = (node, b) => {
  if (numberAttribute(node, 'layout', 0) === 0) return b.append(without(node, 'layout'));
  const exchanged = (value: string) => b.transpose(value, [1, 0, 2]);
  return b.within(outputOf(node) || node.name, () => {
    const inputs = node.inputs.map((name, at) => (name && STATES.includes(at) ? exchanged(name) : name));
    const made = node.outputs.map((name) => name && b.unique('sequence_first'));
    b.append({ ...without(node, 'layout'), inputs, outputs: made });
    node.outputs.forEach((output, at) => {
      if (!output) return;
      // Y [sequence, directions, batch, hidden] and states [directions, batch, hidden].
      const perm = { kind: 'ints', value: at === 0 ? [2, 0, 1, 3] : [1, 0, 2] } as const;
      const name = b.unique('batch_first');
      b.append({
        op: 'Transpose',
        domain: '',
        name,
        inputs: [made[at] as string],
        outputs: [output],
        attributes: { perm },
      });
    });
  });
};
