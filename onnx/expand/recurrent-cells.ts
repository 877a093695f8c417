/** @file One step of LSTM, GRU and RNN, by the equations of the ONNX reference. */
import { numberAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import type { Node } from '../graph/graph.js';
import type { Activation } from './recurrent-activations.js';

/** What a step carries on, each [batch, hidden]. */
export interface State {
  hidden: string;
  /** Of LSTM. */
  cell?: string;
}

/** What all steps share. */
export interface Step {
  node: Node;
  b: GraphBuilder;
  /** Of the hidden state. */
  size: number;
  /** [hidden, gates · hidden] */
  recurrence: string;
  /** [gates · hidden] */
  stateBias?: string;
  /** Of the gates i, o and f, each [hidden]. */
  peepholes?: readonly string[];
  activations: readonly Activation[];
}

/** A kind of recurrent layer. */
export interface Cell {
  gates: number;
  hasCell: boolean;
  activations: readonly string[];
  /** @param inputs what the step's input adds to the gates [batch, gates · hidden] */
  step(step: Step, inputs: string, before: State): State;
}

/** A value cut into parts of the hidden size. */
const parts = ({ b, size }: Step, value: string, count: number): string[] =>
  b.ops('Split', [value, b.ints(Array.from({ length: count }, () => size))], count, { axis: -1 });

const withBias = (b: GraphBuilder, value: string, bias: string | undefined) => (bias ? b.add(value, bias) : value);

/** i, f = f(…), c′ = g(…), C = f·C + i·c′, o = f(…), H = o·h(C); peepholes add P·C to the gates. */
function lstmStep(step: Step, inputs: string, { hidden, cell = '' }: State): State {
  const { b, node, recurrence, stateBias, peepholes = [] } = step;
  const [gate, candidate, output] = step.activations as [Activation, Activation, Activation];
  const sum = withBias(b, b.add(inputs, b.matMul(hidden, recurrence)), stateBias);
  const [i, o, f, c] = parts(step, sum, 4) as [string, string, string, string];
  const [pi, po, pf] = peepholes;
  const peeping = (value: string, weight: string | undefined, state: string) =>
    weight ? b.add(value, b.mul(weight, state)) : value;
  const entering = gate(b, peeping(i, pi, cell));
  const isCoupled = numberAttribute(node, 'input_forget', 0) === 1;
  const kept = isCoupled ? b.sub(b.scalarLike(entering, 1), entering) : gate(b, peeping(f, pf, cell));
  const next = b.add(b.mul(kept, cell), b.mul(entering, candidate(b, c)), 'cell');
  return { hidden: b.mul(gate(b, peeping(o, po, next)), output(b, next), 'hidden'), cell: next };
}

/** z, r = f(…), h′ = g(…), H = (1 − z)·h′ + z·H; the reset r applies before or after the linear map of H. */
function gruStep(step: Step, inputs: string, { hidden }: State): State {
  const { b, node, recurrence, stateBias } = step;
  const [gate, candidate] = step.activations as [Activation, Activation];
  const [xz, xr, xh] = parts(step, inputs, 3) as [string, string, string];
  const resetsAfter = numberAttribute(node, 'linear_before_reset', 0) === 1;
  const [rz, rr, rh] = parts(step, recurrence, 3) as [string, string, string];
  const [bz, br, bh] = stateBias ? parts(step, stateBias, 3) : [];
  const reached = (x: string, weight: string, bias: string | undefined) =>
    gate(b, b.add(x, withBias(b, b.matMul(hidden, weight), bias)));
  const [update, reset] = [reached(xz, rz, bz), reached(xr, rr, br)];
  const state = resetsAfter
    ? b.mul(reset, withBias(b, b.matMul(hidden, rh), bh))
    : withBias(b, b.matMul(b.mul(reset, hidden), rh), bh);
  const proposed = candidate(b, b.add(xh, state));
  const fresh = b.mul(b.sub(b.scalarLike(update, 1), update), proposed);
  return { hidden: b.add(fresh, b.mul(update, hidden), 'hidden') };
}

/** H = f(…) */
function rnnStep({ b, recurrence, stateBias, activations }: Step, inputs: string, { hidden }: State): State {
  const [activation] = activations as [Activation];
  return { hidden: activation(b, withBias(b, b.add(inputs, b.matMul(hidden, recurrence)), stateBias)) };
}

/** By operator. */
export const cells = {
  LSTM: { gates: 4, hasCell: true, activations: ['Sigmoid', 'Tanh', 'Tanh'], step: lstmStep },
  GRU: { gates: 3, hasCell: false, activations: ['Sigmoid', 'Tanh'], step: gruStep },
  RNN: { gates: 1, hasCell: false, activations: ['Tanh'], step: rnnStep },
} satisfies Record<string, Cell>;
