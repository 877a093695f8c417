/** @file A generator's graph made ready to be differentiated: a fixed number of rows, known sizes, pictures as only output. */
import { generatorInputs, type InputOptions, type LatentInput } from './generator-inputs.js';
import { withGivenNumbers } from './given-numbers.js';
import { readGenerator } from './read-generator.js';
import type { PictureSize } from '../pictures/pixels.js';
import { copiedGraph } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import type { Graph, Model } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';

/** A generator's graph, and what is fed to it. */
export interface ReadyGenerator {
  input: LatentInput;
  /** With `rows` rows and pictures [rows, C, H, W] as its only output. */
  graph: Graph;
  rows: number;
}

/** What a loaded generator tells. */
interface KnownGenerator extends PictureSize {
  latentDim: number;
  classes: { names: readonly string[] | undefined } | undefined;
}

/**
 * @param source in our dialect
 * @param generator of the same model
 * @param options.rows of a run, where the file leaves the batch open
 * @throws InputError if its sizes cannot be told
 */
export function readyGenerator(
  source: Model,
  generator: KnownGenerator,
  options: InputOptions,
  { name, rows: wanted }: { name: string; rows: number },
): ReadyGenerator {
  const { latentDim, channels, height, width, classes } = generator;
  const model = withGivenNumbers(source, name, options.inputs);
  const input = generatorInputs(model, name, { ...options, latentDim }, { latentDim, classes: classes?.names });
  const rows = input.batch ?? wanted;
  const fixed = { ...model, graph: withLatentSize(withRows(model.graph, rows), input) };
  const { graph } = readGenerator(fixed).model;
  const shape = Types.of(graph).shape(graph.outputs[0]?.name ?? '');
  if (shape?.join() !== [rows, channels, height, width].join()) {
    const expected = `pictures [${rows}, ${channels}, ${height}, ${width}], as the graph's nodes tell`;
    throw new InputError({ name: 'generator', expected, got: shape ? `[${shape.join(', ')}]` : 'an unknown shape' });
  }
  return { input, graph, rows };
}

/** A network for a fixed number of rows. */
export function withRows(graph: Graph, rows: number): Graph {
  const inputs = graph.inputs.map((input) =>
    input.value?.shape ? { ...input, value: { ...input.value, shape: [rows, ...input.value.shape.slice(1)] } } : input,
  );
  return { ...copiedGraph(graph), inputs, valueInfo: new Map() };
}

/** Latents of a known size. */
function withLatentSize(graph: Graph, { name, dims }: LatentInput): Graph {
  const inputs = graph.inputs.map((input) =>
    input.name === name && input.value?.shape
      ? { ...input, value: { ...input.value, shape: [input.value.shape[0] as number, ...dims] } }
      : input,
  );
  return { ...graph, inputs };
}
