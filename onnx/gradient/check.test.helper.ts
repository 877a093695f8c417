/** @file Checks gradients, and gradients of gradients, against central finite differences, along one random direction per input (as HIPS/autograd does). */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type GraphBuilder, modelOfGraph } from '../build/build.js';
import { elementCount } from '../graph/graph.js';
import { modelBytes } from '../files/write.js';
import {
  caseLabel,
  gradientOf,
  runner,
  sessionOptions,
  weightOf,
  type CheckedInput,
  type Precision,
  type Runner,
  type Values,
  type VjpCase,
  type Wanted,
} from './check-graph.test.helper.js';

export { caseLabel, type CheckedInput, type VjpCase } from './check-graph.test.helper.js';

/** Largest error that passes, relative to the gradient's norm, by the precision of the gradient and of the differences. */
export const tolerances = {
  float32: { float32: 1e-3, float64: 1e-4 },
  float64: { float32: 1e-3, float64: 1e-6 },
} as const;

/** Step of the differences: rounding asks for a large one in float32, curvature for a small one. */
const steps = { float32: 4e-3, float64: 1e-5 };

/** Operators of a table of rules that no case applies. */
export function uncheckedOps(rules: object, cases: readonly VjpCase[]): string[] {
  const checked = new Set(cases.map(({ op }) => op));
  return Object.keys(rules).filter((op) => !checked.has(op));
}

/**
 * Checks the gradients of Σ y·r, for a random r, by float inputs of a one-node graph, and then the gradients of a random
 * sum of these gradients by the same inputs and by r: in float32, and in float64 where ONNX Runtime has the kernels. Dot
 * products are accumulated in doubles.
 * @throws Error with the largest error where one exceeds its tolerance
 */
export async function checkVjp(test: VjpCase): Promise<void> {
  const random = xoroshiro128plus(test.seed ?? 1);
  const draw: Draw = (count, low = -1, high = 1) =>
    Float64Array.from({ length: count }, () => Math.fround(low + (high - low) * uniformFloat64(random)));
  const feeds = new Map<string, Values>();
  for (const [index, input] of test.inputs.entries()) {
    if (!input || isConstant(input)) continue;
    const data = input.values
      ? Float64Array.from(input.values)
      : draw(elementCount(input.shape), ...(input.range ?? []));
    feeds.set(`x${index}`, { dims: input.shape, data });
  }
  const by = test.wrt ? test.wrt.map((index) => `x${index}`) : [...feeds.keys()];
  const y = await checkOrder(test, feeds, { by, order: 1 }, draw);
  feeds.set('r', { dims: (y as Values).dims, data: draw((y as Values).data.length) });
  for (const name of by) {
    const { dims, data } = feeds.get(name) as Values;
    feeds.set(weightOf(name), { dims, data: draw(data.length) });
  }
  await checkOrder(test, feeds, { by, order: 2 }, draw);
}

/** @returns the score: y, or the sum of gradients; undefined where no gradient flows */
async function checkOrder(
  test: VjpCase,
  given: ReadonlyMap<string, Values>,
  { by, order }: Pick<Wanted, 'by' | 'order'>,
  draw: Draw,
): Promise<Values | undefined> {
  const score = { by, order, gradients: false };
  const forward =
    (await runner(test, { ...score, precision: 'float64' })) ??
    (await runner(test, { ...score, precision: 'float32' }));
  if (!forward) return undefined;
  const y = (await forward.run(given))['score'] as Values;
  const cotangent = order === 1 ? { dims: y.dims, data: draw(y.data.length) } : { dims: [], data: Float64Array.of(1) };
  const feeds = order === 1 ? new Map([...given, ['r', cotangent]]) : given;
  const differences = new Map<string, Difference>();
  for (const name of order === 1 ? by : [...by, 'r']) {
    // Away from zero, where a step would be lost to rounding.
    const direction = draw((feeds.get(name) as Values).data.length).map((value) => value + Math.sign(value));
    differences.set(name, await centralDifference(forward, feeds, name, direction, cotangent.data));
  }
  await forward.release();
  const failures: { error: number; message: string }[] = [];
  for (const precision of ['float32', 'float64'] as const) {
    const backward = await runner(test, { precision, by, order, gradients: true });
    if (!backward) continue;
    const results = await backward.run(feeds);
    await backward.release();
    const tolerance = tolerances[precision][forward.precision];
    for (const [name, difference] of differences) {
      const failure = compared(results[gradientOf(name)]?.data, difference, tolerance);
      if (failure) failures.push({ ...failure, message: `${name}, gradient in ${precision}: ${failure.message}` });
    }
  }
  const worst = failures.toSorted((a, b) => b.error - a.error)[0];
  if (worst) throw new Error(`${caseLabel(test)}: order ${order}, input ${worst.message}`);
  return y;
}

/** What is wrong with a gradient, if anything. */
function compared(found: Float64Array | undefined, { moves, change }: Difference, tolerance: number) {
  const gradient = found ?? new Float64Array(moves.length);
  if (gradient.length !== moves.length) {
    return { error: Infinity, message: `${moves.length} elements, its gradient ${gradient.length}` };
  }
  const product = dot(gradient, moves);
  const error = Math.abs(product - change) / ((norm(gradient) + 1e-6) * (norm(moves) / Math.sqrt(moves.length)));
  if (error <= tolerance) return undefined;
  const message = `analytic ${product}, numeric ${change}, relative error ${error.toExponential(1)} > ${tolerance}`;
  return { error, message };
}

/** Random numbers. */
type Draw = (count: number, low?: number, high?: number) => Float64Array;

/** How the score changed when an input's elements moved. */
interface Difference {
  moves: Float64Array;
  change: number;
}

const isConstant = (input: CheckedInput) =>
  input !== null && ('ints' in input || 'floats' in input || 'bools' in input);
const norm = (values: Float64Array) => Math.sqrt(dot(values, values));
const dot = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);

/** Moves an input both ways along a direction; the moves are those that remain after rounding. */
async function centralDifference(
  forward: Runner,
  feeds: ReadonlyMap<string, Values>,
  name: string,
  direction: Float64Array,
  weights: Float64Array,
): Promise<Difference> {
  const { dims, data } = feeds.get(name) as Values;
  const precision: Precision = forward.precision;
  const rounded = precision === 'float32' ? Math.fround : (value: number) => value;
  const moved = (step: number) => data.map((value, at) => rounded(value + step * (direction[at] as number)));
  const [ahead, behind] = [moved(steps[precision]), moved(-steps[precision])];
  const loss = async (values: Float64Array) => {
    const { score } = (await forward.run(new Map([...feeds, [name, { dims, data: values }]]))) as { score: Values };
    return dot(score.data, weights);
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
