/** @file Compares an exported layers model with tfjs on the same random inputs. */
import { Tensor } from '../../inference/runtime/onnxruntime/library.node.js';
import { Random } from '../../inference/numeric/random.js';
import { createSession } from '../../inference/runtime/session.node.js';
import { InputError } from '../../onnx/errors.js';
import { elementCount } from '../../onnx/graph/graph.js';
import { expectAffordable } from '../../onnx/upgrade/affordable.js';
import { tf } from '../tf.js';
import type { LayersModel } from '../tfjs-model.js';
import type { LayersGraph } from './layers-graph.js';
import type { OutputDifference } from './output-difference.js';

const BATCH = 2;

/** A tensor as the file has it: pictures are [batch, C, H, W]. */
interface FileValue {
  dims: number[];
  data: Float32Array;
}

/**
 * Runs both on a batch of two: bytes for what is rescaled, numbers of rows for embeddings, the mask's value at some steps of
 * what is masked, else standard normal numbers.
 * @param onnx the file's bytes
 * @throws LimitError before it runs a model whose values pass the limits of one
 */
export async function outputDifferences(
  model: LayersModel,
  graph: LayersGraph,
  onnx: Uint8Array,
): Promise<OutputDifference[]> {
  expectAffordable(graph.model, BATCH);
  const { inputs, outputs } = original(model, graph);
  const session = await createSession(onnx);
  try {
    const feeds = graph.inputs.map(({ name, kind }, index) => {
      const { data, dims } = inputs[index] as FileValue;
      const value =
        kind === 'index'
          ? new Tensor(
              'int64',
              BigInt64Array.from(data, (number) => BigInt(number)),
              dims,
            )
          : new Tensor('float32', data, dims);
      return [name, value] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    return graph.outputs.map(({ name }, index) => difference(name, outputs[index]?.data, results[name]?.data));
  } finally {
    await session.release();
  }
}

/** The numbers that the inputs get, and what tfjs computes from them. @throws InputError where it refuses to */
function original(model: LayersModel, graph: LayersGraph): { inputs: FileValue[]; outputs: FileValue[] } {
  const asInFile = (x: tf.Tensor): FileValue => {
    const value = x.rank === 4 && !graph.channelsFirst ? tf.transpose(x, [0, 3, 1, 2]) : x;
    return { dims: value.shape, data: value.dataSync<'float32'>() };
  };
  const made: { inputs: FileValue[]; outputs: FileValue[] } = { inputs: [], outputs: [] };
  try {
    tf.tidy(() => {
      const tensors = graph.inputs.map((input) => tf.tensor(numbersFor(input), [BATCH, ...input.sizes]));
      const predicted = [model.predictOnBatch(tensors.length === 1 ? (tensors[0] as tf.Tensor) : tensors)].flat();
      made.inputs = tensors.map(asInFile);
      made.outputs = predicted.map(asInFile);
    });
    return made;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`tfjs cannot run the model, so there is nothing to compare with (${reason.split('\n')[0]})`, {
      cause: error,
    });
  }
}

/** The numbers of one input's batch, in tfjs's order. */
function numbersFor(input: LayersGraph['inputs'][number]): Float32Array {
  const random = Random.derived(0, `compare ${input.name}`);
  const next = () => {
    if (input.kind === 'index') return Math.floor(random.uniform() * input.count);
    return input.kind === 'bytes' ? Math.floor(random.uniform() * 256) : random.normal();
  };
  const numbers = Float32Array.from({ length: BATCH * elementCount(input.sizes) }, next);
  if (input.kind !== 'masked') return numbers;
  // A third of the steps have the value everywhere, and others at some places alone, so that they are no masked ones.
  const size = input.sizes.at(-1) ?? 1;
  for (let start = 0; start < numbers.length; start += size) {
    const share = random.uniform() < 1 / 3 ? 1 : 1 / 4;
    for (let at = start; at < start + size; at++) if (random.uniform() < share) numbers[at] = input.value;
  }
  return numbers;
}

function difference(output: string, expected: Float32Array | undefined, actual: unknown): OutputDifference {
  if (!expected || !(actual instanceof Float32Array) || actual.length !== expected.length) {
    throw new InputError({
      name: `output "${output}"`,
      expected: `${expected?.length} numbers from the exported model`,
    });
  }
  let [largest, magnitude] = [0, 0];
  for (const [index, value] of expected.entries()) {
    largest = Math.max(largest, Math.abs(value - (actual[index] as number)));
    magnitude = Math.max(magnitude, Math.abs(value));
  }
  return { output, difference: largest, magnitude };
}
