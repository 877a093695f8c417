/** @file Checks gradients against central finite differences, along one random direction per input (as HIPS/autograd does). */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { AttributeValue } from '../graph/attributes.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { elementCount } from '../graph/graph.js';
import { float32Tensor, int64Tensor } from '../graph/tensor.js';
import { modelBytes } from '../files/write.js';
import { gradients } from './walk.js';

/** A float input drawn from a range ([−1, 1]) or with given values; `ints`, `floats` and `bools` are constants; null is absent. */
export type CheckedInput =
  | { shape: readonly number[]; range?: readonly [number, number]; values?: readonly number[] }
  | { ints: readonly number[]; shape?: readonly number[] }
  | { floats: readonly number[]; shape?: readonly number[] }
  | { bools: readonly number[]; shape: readonly number[] }
  | null;

/** One node and what it is applied to. */
export interface VjpCase {
  op: string;
  inputs: readonly CheckedInput[];
  attributes?: Record<string, AttributeValue>;
  /** Number of outputs the node declares; the first one is differentiated. */
  outputs?: number;
  /** Inputs to differentiate by; all float ones if left out. */
  wrt?: readonly number[];
  /** Inputs whose first size is declared as the symbol N. */
  symbolicBatch?: readonly number[];
  /** Set where ONNX Runtime computes the operator in float32 whatever its type. */
  singlePrecision?: boolean;
  seed?: number;
}

type Precision = 'float32' | 'float64';

/** Largest error that passes, relative to the gradient's norm, by the precision of the gradient and of the differences. */
export const tolerances = {
  float32: { float32: 1e-3, float64: 1e-4 },
  float64: { float32: 1e-3, float64: 1e-6 },
} as const;

/** Step of the differences: rounding asks for a large one in float32, curvature for a small one. */
const steps = { float32: 4e-3, float64: 1e-5 };

const sessionOptions = { executionProviders: ['cpu'], logSeverityLevel: 3, intraOpNumThreads: 1 } as const;

/** A case in one line. */
export function caseLabel({ op, inputs, attributes = {}, symbolicBatch }: VjpCase): string {
  const shapes = inputs.map((input) => {
    if (!input) return '–';
    if ('floats' in input) return `(${input.floats.join()})`;
    return 'ints' in input ? `(${input.ints.join()})` : `[${input.shape.join()}]`;
  });
  const settings = Object.entries(attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [op, ...shapes, ...settings, ...(symbolicBatch ? ['symbolic batch'] : [])].join(' ');
}

/** Operators of a table of rules that no case applies. */
export function uncheckedOps(rules: object, cases: readonly VjpCase[]): string[] {
  const checked = new Set(cases.map(({ op }) => op));
  return Object.keys(rules).filter((op) => !checked.has(op));
}

/**
 * Checks the gradients of Σ y·r, for a random r, by float inputs of a one-node graph: in float32, and in float64 where
 * ONNX Runtime has the kernels. Dot products are accumulated in doubles.
 * @throws Error with the largest error where one exceeds its tolerance
 */
export async function checkVjp(test: VjpCase): Promise<void> {
  const random = xoroshiro128plus(test.seed ?? 1);
  const draw = (count: number, low = -1, high = 1) =>
    Float64Array.from({ length: count }, () => Math.fround(low + (high - low) * uniformFloat64(random)));
  const feeds = new Map<string, Values>();
  for (const [index, input] of test.inputs.entries()) {
    if (!input || isConstant(input)) continue;
    const data = input.values
      ? Float64Array.from(input.values)
      : draw(elementCount(input.shape), ...(input.range ?? []));
    feeds.set(`x${index}`, { dims: input.shape, data });
  }
  const wrt = test.wrt ?? [...feeds.keys()].map((name) => Number(name.slice(1)));
  const forward = (await runner(test, 'float64')) ?? ((await runner(test, 'float32')) as Runner);
  const { y } = (await forward.run(feeds)) as { y: Values };
  const cotangent = { dims: y.dims, data: draw(y.data.length) };
  const differences = new Map<number, Difference>();
  for (const index of wrt) {
    // Away from zero, where a step would be lost to rounding.
    const direction = draw((feeds.get(`x${index}`) as Values).data.length).map((value) => value + Math.sign(value));
    differences.set(index, await centralDifference(forward, feeds, index, direction, cotangent.data));
  }
  await forward.release();
  const failures: { error: number; message: string }[] = [];
  for (const precision of ['float32', 'float64'] as const) {
    const backward = await runner(test, precision, wrt);
    if (!backward) continue;
    const tolerance = tolerances[precision][forward.precision];
    const results = await backward.run(new Map([...feeds, ['r', cotangent]]));
    await backward.release();
    for (const [index, { moves, change }] of differences) {
      const gradient = results[`d${index}`]?.data ?? new Float64Array(moves.length);
      if (gradient.length !== moves.length) {
        throw new Error(
          `${caseLabel(test)}: input ${index} has ${moves.length} elements, its gradient ${gradient.length}`,
        );
      }
      const product = dot(gradient, moves);
      const error = Math.abs(product - change) / ((norm(gradient) + 1e-6) * (norm(moves) / Math.sqrt(moves.length)));
      if (error <= tolerance) continue;
      const found = `analytic ${product}, numeric ${change}, relative error ${error.toExponential(1)} > ${tolerance}`;
      failures.push({ error, message: `input ${index}, gradient in ${precision}: ${found}` });
    }
  }
  const worst = failures.toSorted((a, b) => b.error - a.error)[0];
  if (worst) throw new Error(`${caseLabel(test)}: ${worst.message}`);
}

interface Values {
  dims: readonly number[];
  data: Float64Array;
}

/** How Σ y·r changed when an input's elements moved. */
interface Difference {
  moves: Float64Array;
  change: number;
}

interface Runner {
  precision: Precision;
  run(feeds: ReadonlyMap<string, Values>): Promise<Record<string, Values>>;
  release(): Promise<void>;
}

const isConstant = (input: CheckedInput) =>
  input !== null && ('ints' in input || 'floats' in input || 'bools' in input);
const norm = (values: Float64Array) => Math.sqrt(dot(values, values));
const dot = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);

/** Moves input `index` both ways along a direction; the moves are those that remain after rounding. */
async function centralDifference(
  forward: Runner,
  feeds: ReadonlyMap<string, Values>,
  index: number,
  direction: Float64Array,
  weights: Float64Array,
): Promise<Difference> {
  const { dims, data } = feeds.get(`x${index}`) as Values;
  const rounded = forward.precision === 'float32' ? Math.fround : (value: number) => value;
  const moved = (step: number) => data.map((value, at) => rounded(value + step * (direction[at] as number)));
  const [ahead, behind] = [moved(steps[forward.precision]), moved(-steps[forward.precision])];
  const loss = async (values: Float64Array) => {
    const { y } = (await forward.run(new Map([...feeds, [`x${index}`, { dims, data: values }]]))) as { y: Values };
    return dot(y.data, weights);
  };
  return {
    moves: ahead.map((value, at) => value - (behind[at] as number)),
    change: (await loss(ahead)) - (await loss(behind)),
  };
}

/**
 * Runs a float32 graph once.
 * @param feeds sizes and elements of each input
 * @returns the elements of each output
 */
export async function outputsOf(
  b: GraphBuilder,
  feeds: Record<string, { dims: readonly number[]; data: readonly number[] }>,
): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), sessionOptions);
  const tensors = Object.entries(feeds).map(
    ([name, { dims, data }]) => [name, new Tensor('float32', data, dims)] as const,
  );
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array, Number)]),
  );
}

/**
 * The case's node as a session with output y, or with its gradients d0, d1, … where `wrt` is given, which are of Σ y·r.
 * Undefined where ONNX Runtime has no float64 kernel for a node.
 */
async function runner(test: VjpCase, precision: Precision, wrt?: readonly number[]): Promise<Runner | undefined> {
  if (test.singlePrecision && precision === 'float64') return undefined;
  const b = checkedGraph(test, precision);
  const types = new Map(b.graph.inputs.map(({ name, value }) => [name, value?.type]));
  if (wrt) {
    const { type, shape = [] } = b.type('y');
    types.set(b.input('r', type, shape), type);
    const names = gradients(
      b,
      'y',
      wrt.map((index) => `x${index}`),
      { cotangent: 'r' },
    );
    for (const [value, gradient] of names) if (gradient) b.output(gradient, value.replace('x', 'd'));
  } else {
    b.output('y');
  }
  const bytes = modelBytes(modelOfGraph(b.graph));
  const session = await InferenceSession.create(bytes, sessionOptions).catch((error: unknown) => {
    if (precision === 'float64' && /NOT_IMPLEMENTED|Could not find an implementation/.test(String(error)))
      return undefined;
    throw new Error(`${caseLabel(test)}: ${String(error)}`);
  });
  if (!session) return undefined;
  const fed = (name: string, { dims, data }: Values) =>
    types.get(name) === 'float32'
      ? new Tensor('float32', Float32Array.from(data), dims)
      : new Tensor('float64', data, dims);
  return {
    precision,
    async run(feeds) {
      const used = session.inputNames.map((name) => [name, fed(name, feeds.get(name) as Values)] as const);
      const results = await session.run(Object.fromEntries(used));
      const values = Object.entries(results).map(([name, { dims, data }]): [string, Values] => [
        name,
        { dims, data: Float64Array.from(data as Float32Array) },
      ]);
      return Object.fromEntries(values);
    },
    release: () => session.release(),
  };
}

/** Inputs x0, x1, … and the node with outputs y, y:1, … */
function checkedGraph({ op, inputs, attributes, outputs = 1, symbolicBatch = [] }: VjpCase, precision: Precision) {
  const b = new GraphBuilder();
  const names = inputs.map((input, index) => {
    if (!input) return '';
    const name = `x${index}`;
    if ('ints' in input) return b.initializer(name, int64Tensor(input.ints, input.shape));
    if ('floats' in input)
      return b.initializer(name, float32Tensor(input.floats, input.shape ?? [input.floats.length]));
    if ('bools' in input)
      return b.initializer(name, { type: 'bool', dims: input.shape, data: Uint8Array.from(input.bools) });
    const shape = symbolicBatch.includes(index) ? ['N', ...input.shape.slice(1)] : input.shape;
    return b.input(name, precision, shape);
  });
  b.ops(op, names, outputs, attributes, 'y');
  return b;
}
