/** @file LSTM, GRU and RNN as elementary operators: each step of the sequence becomes nodes of its own. */
import { numberAttribute, stringAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { inputOf, nodeLabel, type Node } from '../graph/graph.js';
import { expectWithin } from '../graph/limits.js';
import { activationsOf, type Activation } from './recurrent-activations.js';
import { cells, type Cell, type State } from './recurrent-cells.js';
import { fixedSize, notExpanded, type Expansion } from './expansion.js';

/** The states of one direction, in the order of time. */
interface Direction {
  hidden: readonly string[];
  last: State;
}

/** Y [sequence, directions, batch, hidden], the last states and of LSTM the last cells [directions, batch, hidden]. */
export const recurrent: Expansion = (node, b) => {
  const cell = cells[node.op as keyof typeof cells];
  const steps = fixedSize(node, b.types.knownShape(inputOf(node), node)[0], 'its sequence');
  expectWithin('unrolledSteps', steps, nodeLabel(node));
  expectPlain(node, b, steps);
  const way = stringAttribute(node, 'direction', 'forward');
  const reversals = way === 'bidirectional' ? [false, true] : [way === 'reverse'];
  const activations = activationsOf(node, cell.activations, reversals.length);
  const directions = reversals.map((isReversed, at) =>
    b.within(isReversed ? 'reverse' : 'forward', () =>
      unrolled(node, b, { cell, steps, at, isReversed, activations: activations[at] as readonly Activation[] }),
    ),
  );
  const stacked = (states: readonly string[]) =>
    joined(
      b,
      states.map((state) => b.op('Unsqueeze', [state, b.ints([0])])),
      0,
    );
  const all = directions.map(({ hidden }) =>
    joined(
      b,
      hidden.map((state) => b.op('Unsqueeze', [state, b.ints([0, 1])])),
      0,
    ),
  );
  const cellStates = directions.flatMap(({ last }) => last.cell ?? []);
  return [
    joined(b, all, 1),
    stacked(directions.map(({ last }) => last.hidden)),
    ...(cellStates.length > 0 ? [stacked(cellStates)] : []),
  ];
};

const joined = (b: GraphBuilder, parts: readonly string[], axis: number) =>
  parts.length === 1 ? (parts[0] as string) : b.op('Concat', parts, { axis });

/** @throws InputError for what the steps leave out */
function expectPlain(node: Node, b: GraphBuilder, steps: number): void {
  if (node.attributes['clip']) throw notExpanded(node, 'attribute clip');
  if (numberAttribute(node, 'layout', 0) !== 0) throw notExpanded(node, 'attribute layout');
  const lengths = inputOf(node, 4);
  if (lengths && !b.types.integers(lengths)?.every((length) => length === steps)) {
    throw notExpanded(node, `input sequence_lens other than the constant ${steps}`);
  }
}

interface Run {
  cell: Cell;
  steps: number;
  /** Which direction of the weights. */
  at: number;
  isReversed: boolean;
  activations: readonly Activation[];
}

function unrolled(node: Node, b: GraphBuilder, { cell, steps, at, isReversed, activations }: Run): Direction {
  const [data, weights, recurrence, biases = ''] = node.inputs as [string, string, string, string?];
  const size = fixedSize(node, b.types.knownShape(recurrence, node)[2], 'its hidden state');
  const own = (value: string) => b.op('Gather', [value, b.scalar(at, 'int64')], { axis: 0 });
  const [inputBias, stateBias] = biases
    ? b.ops('Split', [own(biases), b.ints([cell.gates * size, cell.gates * size])], 2, { axis: 0 }, 'biases')
    : [];
  const product = b.matMul(data, b.transpose(own(weights), [1, 0]), 'inputs');
  const inputs = inputBias ? b.add(product, inputBias) : product;
  const ofStep = steps === 1 ? [inputs] : b.ops('Split', [inputs], steps, { axis: 0 }, 'steps');
  const zeros = () => {
    const batch = b.op('Shape', [data], { start: 1, end: 2 });
    const sizes = b.op('Concat', [batch, b.ints([size])], { axis: 0 });
    return b.op('Expand', [b.scalarLike(data, 0), sizes], {}, 'zeros');
  };
  const initial = (index: number) => (inputOf(node, index) ? own(inputOf(node, index)) : zeros());
  const peepholes = inputOf(node, 7);
  const weightsOfStep = {
    size,
    recurrence: b.transpose(own(recurrence), [1, 0], 'recurrence'),
    ...(stateBias && { stateBias }),
    ...(peepholes && { peepholes: b.ops('Split', [own(peepholes), b.ints([size, size, size])], 3, { axis: 0 }) }),
  };
  let state: State = { hidden: initial(5), ...(cell.hasCell && { cell: initial(6) }) };
  const order = isReversed ? ofStep.toReversed() : ofStep;
  const hidden = order.map((step) => {
    state = cell.step({ node, b, ...weightsOfStep, activations }, b.op('Squeeze', [step, b.ints([0])]), state);
    return state.hidden;
  });
  return { hidden: isReversed ? hidden.toReversed() : hidden, last: state };
}
