/** @file Principal directions of a generator's first features, run on ONNX Runtime. */
import { openSession } from '#runtime';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import { outputOf, type Graph, type Model } from '../../onnx/graph/graph.js';
import { prunedGraph } from '../../onnx/graph/order.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { descendants } from '../graphs/links.js';
import { withLatentsAlone, type InputOptions, type LatentInput } from './generator-inputs.js';
import { withFloatInputs } from './read-generator.js';
import type { LatentDistribution } from '../latent/distribution.js';
import { drawnLatents, seedsFrom } from '../latent/latents.js';
import { sessionTensor } from '../runtime/session.js';
import { principalDirections, type PrincipalDirection } from '../latent/principal.js';

/** Latents whose features are looked at. */
const SAMPLES = 2000;
/** Numbers of features that are held: for large first layers, fewer latents are looked at. */
const MAX_NUMBERS = 2 ** 26;
const BATCH = 100;
/** Features that differ by less than this share of their size do so by rounding. */
const ROUNDING = 2 ** -22;
/** TensorProto.DataType. */
const FLOAT = 1;

const ACTIVATIONS = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Elu', 'Selu', 'Celu', 'Softplus', 'Gelu', 'Mish', 'Tanh']);
const LAYERS = new Set(['Gemm', 'MatMul', 'Conv', 'ConvTranspose']);

/**
 * The principal directions of what the generator's first layer makes of 2,000 latents, after its activation.
 * @param generator as it was loaded
 * @param count how many, the strongest first
 * @param options its class, the numbers of its further inputs, and what its latents are drawn from
 * @throws InputError if the generator has no layer that is known, its features are all the same, or it is conditional and no class is
 *   given
 */
export async function firstFeatureDirections(
  generator: Model,
  latentDim: number,
  count: number,
  options: Pick<InputOptions, 'label' | 'inputs' | 'latentDistribution'> = {},
): Promise<PrincipalDirection[]> {
  const { label, inputs, latentDistribution = 'normal' } = options;
  const { model, input } = withLatentsAlone(upgradedModel(generator), 'generator', {
    latentDim,
    ...(label !== undefined && { label }),
    ...(inputs && { inputs }),
  });
  const value = firstFeatures(model.graph, input.name);
  const { features, latents, rows } = await sampledFeatures(model, value, input, latentDistribution);
  const dim = features.length / rows;
  const b = new GraphBuilder();
  const [x, q] = [b.input('x', 'float32', [rows, dim]), b.input('q', 'float32', [dim, 'columns'])];
  b.output(b.matMul(b.transpose(x, [1, 0]), b.matMul(x, q)), 'product');
  const session = await openSession(modelOfGraph(b.graph));
  try {
    const x0 = sessionTensor(features, [rows, dim]);
    return await principalDirections(latents, features, rows, count, async (vectors, columns) => {
      const { product } = await session.run({ x: x0, q: sessionTensor(vectors, [dim, columns]) });
      return product?.data as Float32Array;
    });
  } finally {
    await session.release();
  }
}

/** The value after the first activation of what is computed from latents, or of the first layer where there is none. */
function firstFeatures(graph: Graph, latent: string): string {
  const made = descendants(graph, latent);
  const nodes = graph.nodes.filter(({ domain, outputs: [output = ''] }) => domain === '' && made.has(output));
  const node = nodes.find(({ op }) => ACTIVATIONS.has(op)) ?? nodes.find(({ op }) => LAYERS.has(op));
  if (!node)
    throw new InputError({
      name: 'generator',
      expected: `a generator with a first layer (${[...LAYERS].join(', ')})`,
      got: 'none',
    });
  return outputOf(node);
}

/** The features of many latents, centred. */
async function sampledFeatures(
  model: Model,
  value: string,
  { name, dims, batch = BATCH }: LatentInput,
  distribution: LatentDistribution,
) {
  const latentDim = dims[0] as number;
  const b = new GraphBuilder({ ...prunedGraph(model.graph, [value]), outputs: [] });
  // In a network of half precision the features are float16.
  const output = b.output(b.op('Cast', [value], { to: FLOAT }, 'features'));
  const session = await openSession(withFloatInputs({ ...model, graph: b.graph }));
  try {
    const run = async (latents: Float32Array) => {
      const result = (await session.run({ [name]: sessionTensor(latents, [batch, ...dims]) }, [output]))[output];
      return result?.data as Float32Array;
    };
    const dim = (await run(new Float32Array(batch * latentDim))).length / batch;
    const rows = Math.min(SAMPLES, Math.floor(MAX_NUMBERS / dim));
    const latents = drawnLatents(seedsFrom(0, rows), latentDim, distribution);
    const features = new Float32Array(rows * dim);
    for (let start = 0; start < rows; start += batch) {
      const part = new Float32Array(batch * latentDim);
      part.set(latents.subarray(start * latentDim, (start + batch) * latentDim));
      features.set((await run(part)).subarray(0, (rows - start) * dim), start * dim);
    }
    const deviations = centred(features, rows);
    if (!(squares(deviations) > ROUNDING ** 2 * squares(features))) {
      const expected = 'first features that differ from latent to latent';
      throw new InputError({ name: 'generator', expected, got: `"${value}", which is the same for all` });
    }
    return { features: deviations, latents, rows };
  } finally {
    await session.release();
  }
}

const squares = (numbers: Float32Array) => numbers.reduce((sum, x) => sum + x * x, 0);

function centred(features: Float32Array, rows: number): Float32Array {
  const dim = features.length / rows;
  const mean = new Float64Array(dim);
  features.forEach((x, i) => (mean[i % dim] = (mean[i % dim] as number) + x / rows));
  return features.map((x, i) => x - (mean[i % dim] as number));
}
