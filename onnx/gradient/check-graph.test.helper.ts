/** @file The graphs of `checkVjp`: one node, its gradients, or a sum of its gradients to differentiate once more, as sessions. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { AttributeValue } from '../graph/attributes.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
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

/** Types that ONNX Runtime computes a graph in. */
export type Precision = 'float32' | 'float64';

/** A tensor that is fed or found. */
export interface Values {
  dims: readonly number[];
  data: Float64Array;
}

/** A session of a graph. */
export interface Runner {
  precision: Precision;
  run(feeds: ReadonlyMap<string, Values>): Promise<Record<string, Values>>;
  release(): Promise<void>;
}

/** What a graph computes. */
export interface Wanted {
  precision: Precision;
  /** The values that gradients are taken of in the first place: names x0, x1, …, and r for the cotangent. */
  by: readonly string[];
  /**
   * Of order 1, the output is y; of order 2 it is h = Σᵢ Σ sᵢ · ∂(Σ y·r)/∂xᵢ, with r and all sᵢ as inputs. With
   * `gradients`, the outputs are the gradients of Σ y·r, or of h by `by` and r.
   */
  order: 1 | 2;
  gradients: boolean;
}

export const sessionOptions = { executionProviders: ['cpu'], logSeverityLevel: 3, intraOpNumThreads: 1 } as const;

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

/** Names of the inputs of order 2 that the gradients are multiplied with: s0 for x0, and so on. */
export const weightOf = (input: string): string => input.replace('x', 's');

/** Name of the output with the gradient by an input. */
export const gradientOf = (input: string): string => `d/${input}`;

/**
 * The case's node as a session. Undefined where ONNX Runtime has no float64 kernel for a node, and where no gradient is
 * left to differentiate.
 */
export async function runner(
  test: VjpCase,
  { precision, by, order, gradients: wanted }: Wanted,
): Promise<Runner | undefined> {
  if (test.singlePrecision && precision === 'float64') return undefined;
  const b = checkedGraph(test, precision);
  if (order === 2 || wanted) b.input('r', b.type('y').type, b.type('y').shape ?? []);
  const outputs = order === 1 ? outputsOfOrder1(b, by, wanted) : outputsOfOrder2(b, by, wanted);
  if (outputs.size === 0) return undefined;
  for (const [name, value] of outputs) b.output(value, name);
  const types = new Map(b.graph.inputs.map(({ name, value }) => [name, value?.type]));
  const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), sessionOptions).catch(
    (error: unknown) => {
      if (precision === 'float64' && /NOT_IMPLEMENTED|Could not find an implementation/.test(String(error)))
        return undefined;
      throw new Error(`${caseLabel(test)}: ${String(error)}`);
    },
  );
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

const named = (found: ReadonlyMap<string, string | null>) =>
  new Map([...found].flatMap(([name, value]) => (value ? [[gradientOf(name), value] as const] : [])));

function outputsOfOrder1(b: GraphBuilder, by: readonly string[], wanted: boolean): Map<string, string> {
  return wanted ? named(gradients(b, 'y', by, { cotangent: 'r' })) : new Map([['score', 'y']]);
}

function outputsOfOrder2(b: GraphBuilder, by: readonly string[], wanted: boolean): Map<string, string> {
  const first = gradients(b, 'y', by, { cotangent: 'r' });
  const parts = [...first].flatMap(([name, gradient]) => {
    if (!gradient) return [];
    const { type, shape = [] } = b.type(name);
    return [b.op('ReduceSum', [b.mul(gradient, b.input(weightOf(name), type, shape))], { keepdims: 0 })];
  });
  if (parts.length === 0) return new Map();
  const sum = parts.length === 1 ? (parts[0] as string) : b.op('Sum', parts);
  return wanted ? named(gradients(b, sum, [...by, 'r'])) : new Map([['score', sum]]);
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
