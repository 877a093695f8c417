/** @file Recurrent layers as ONNX's LSTM, GRU and RNN, and the wrapper that runs one in both directions. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import { LayerOptions, type Layer, type LayerCall, type LayerRule } from './rule.js';

/** ONNX's names for activations that it has without parameters. */
const activations: Readonly<Record<string, string>> = {
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  hardSigmoid: 'HardSigmoid',
  relu: 'Relu',
  elu: 'Elu',
  softplus: 'Softplus',
  softsign: 'Softsign',
};

interface Cell {
  op: string;
  /** For each gate in ONNX's order, the place that it has in tfjs. */
  gates: readonly number[];
  /** tfjs's options for the activations, in ONNX's order. */
  activations: readonly string[];
}

/** tfjs: input, forget, cell, output. ONNX: input, output, forget, cell. */
const lstm: Cell = {
  op: 'LSTM',
  gates: [0, 3, 1, 2],
  activations: ['recurrentActivation', 'activation', 'activation'],
};
/** Both: update, reset, new. The reset gate works on the state before the product, as Cho et al. 2014 have it. */
const gru: Cell = { op: 'GRU', gates: [0, 1, 2], activations: ['recurrentActivation', 'activation'] };
const simple: Cell = { op: 'RNN', gates: [0], activations: ['activation'] };

const recurrent =
  (cell: Cell): LayerRule =>
  (call) => {
    const { b, inputs, options, weight } = call;
    expectOneSequence(call);
    const kernel = weight('kernel') as string;
    const recurrence = weight('recurrent_kernel') as string;
    const bias = weight('bias');
    const isReversed = options.boolean('goBackwards');
    const units = options.number('units');
    const hidden = b.op(
      cell.op,
      [
        b.transpose(inputs[0], [1, 0, 2], 'steps_first'),
        gateMatrix(b, kernel, cell, units),
        gateMatrix(b, recurrence, cell, units),
        ...(bias ? [gateBias(b, bias, cell, units)] : []),
      ],
      {
        hidden_size: units,
        direction: isReversed ? 'reverse' : 'forward',
        activations: cell.activations.map((name) => activationOf(options, name)),
      },
    );
    const steps = b.op('Squeeze', [hidden, b.ints([1])], {}, 'states');
    if (!options.boolean('returnSequences')) {
      return b.op('Gather', [steps, b.scalar(isReversed ? 0 : -1, 'int64')], { axis: 0 }, 'last_state');
    }
    const sequence = b.transpose(steps, [1, 0, 2], 'batch_first');
    return isReversed ? reversed(b, sequence) : sequence;
  };

/** @throws InputError for what is more than a sequence in, and a sequence or its last state out */
function expectOneSequence({ inputs, options }: LayerCall): void {
  for (const name of ['returnState', 'stateful', 'resetAfter']) {
    if (options.boolean(name)) throw options.unsupported(name, 'false');
  }
  if (inputs.length > 1) throw options.unsupported('initialState', 'none; a state is given as an input');
}

function activationOf(options: LayerOptions, name: string): string {
  const found = activations[options.string(name, 'tanh')];
  if (found === undefined) throw options.unsupported(name, `one of ${Object.keys(activations).join(', ')}`);
  return found;
}

/** [from, gates·units] as [1, gates·units, from], in ONNX's order of gates. */
function gateMatrix(b: GraphBuilder, kernel: string, cell: Cell, units: number): string {
  const turned = b.transpose(inOnnxOrder(b, kernel, 1, cell, units), [1, 0]);
  return b.op('Unsqueeze', [turned, b.ints([0])]);
}

/** [gates·units] as [1, 2·gates·units]: ONNX adds a bias to the input and one to the state. */
function gateBias(b: GraphBuilder, bias: string, cell: Cell, units: number): string {
  const own = inOnnxOrder(b, bias, 0, cell, units);
  const both = b.op('Concat', [own, b.mul(own, b.scalar(0), 'state_bias')], { axis: 0 });
  return b.op('Unsqueeze', [both, b.ints([0])]);
}

function inOnnxOrder(b: GraphBuilder, weights: string, axis: number, { gates }: Cell, units: number): string {
  if (gates.every((place, at) => place === at)) return weights;
  const parts = b.ops('Split', [weights, b.ints(gates.map(() => units))], gates.length, { axis }, 'gates');
  return b.op(
    'Concat',
    gates.map((place) => parts[place] as string),
    { axis },
  );
}

/** A sequence [batch, steps, …] from its end. */
function reversed(b: GraphBuilder, sequence: string): string {
  const [start, end, axis, step] = [[-1], [-(2 ** 31)], [1], [-1]].map((values) => b.ints(values));
  return b.op('Slice', [sequence, start, end, axis, step] as string[], {}, 'reversed');
}

/** How the two directions are joined. */
const joins: Readonly<Record<string, (b: GraphBuilder, forward: string, backward: string) => string>> = {
  concat: (b, ...both) => b.op('Concat', both, { axis: -1 }),
  sum: (b, ...both) => b.add(...both),
  mul: (b, ...both) => b.mul(...both),
  ave: (b, ...both) => b.mul(b.add(...both), b.scalar(0.5)),
};

const bidirectional: LayerRule = ({ b, layer, inputs: [x], options, wrapped }) => {
  const { forwardLayer, backwardLayer } = layer as Layer & { forwardLayer: Layer; backwardLayer: Layer };
  const join = joins[options.string('mergeMode', 'none')];
  if (!join) throw options.unsupported('mergeMode', `one of ${Object.keys(joins).join(', ')}`);
  const [forward, backward] = [wrapped(forwardLayer, x), wrapped(backwardLayer, x)];
  const isSequence = new LayerOptions(forwardLayer).boolean('returnSequences');
  return join(b, forward, isSequence ? reversed(b, backward) : backward);
};

/** Layers that go through the steps of a sequence. */
export const recurrentLayers = {
  Bidirectional: bidirectional,
  GRU: recurrent(gru),
  LSTM: recurrent(lstm),
  SimpleRNN: recurrent(simple),
} satisfies Record<string, LayerRule>;
