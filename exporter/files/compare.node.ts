/** @file Compares an exported layers model with tfjs on the same random inputs. */
import { Tensor } from '../../inference/runtime/onnxruntime/library.node.js';
import { Random } from '../../inference/numeric/random.js';
import { createSession } from '../../inference/runtime/session.node.js';
import { InputError } from '../../onnx/errors.js';
import { elementCount } from '../../onnx/graph/graph.js';
import { tf } from '../tf.js';
import type { LayersModel } from '../tfjs-model.js';
import type { LayersGraph } from './layers-graph.js';
import type { OutputDifference } from './output-difference.js';

const BATCH = 2;

/**
 * Runs both on a batch of two: bytes for what is rescaled, numbers of rows for embeddings, else standard normal numbers.
 * @param onnx the file's bytes
 */
export async function outputDifferences(
  model: LayersModel,
  graph: LayersGraph,
  onnx: Uint8Array,
): Promise<OutputDifference[]> {
  const isTurned = (rank: number) => rank === 4 && !graph.channelsFirst;
  const fed = graph.inputs.map((input) => {
    const random = Random.derived(0, `compare ${input.name}`);
    const next = () => {
      if (input.kind === 'index') return Math.floor(random.uniform() * input.count);
      return input.kind === 'bytes' ? Math.floor(random.uniform() * 256) : random.normal();
    };
    const shape = [BATCH, ...input.sizes];
    const dims = isTurned(shape.length) ? ([0, 3, 1, 2].map((axis) => shape[axis]) as number[]) : shape;
    return { ...input, dims, data: Float32Array.from({ length: elementCount(dims) }, next) };
  });
  const expected = original(() => {
    const tensors = fed.map(({ data, dims }) => {
      const tensor = tf.tensor(data, dims);
      return isTurned(dims.length) ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor;
    });
    const predicted = [model.predictOnBatch(tensors.length === 1 ? (tensors[0] as tf.Tensor) : tensors)].flat();
    return predicted.map((output) => {
      const turned = isTurned(output.rank) ? tf.transpose(output, [0, 3, 1, 2]) : output;
      return turned.dataSync<'float32'>();
    });
  });
  const session = await createSession(onnx);
  try {
    const feeds = fed.map(({ name, kind, data, dims }) => {
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
    return graph.outputs.map(({ name }, index) => difference(name, expected[index], results[name]?.data));
  } finally {
    await session.release();
  }
}

/** What tfjs computes. @throws InputError where it refuses to */
function original(run: () => Float32Array[]): Float32Array[] {
  try {
    return tf.tidy(run);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`tfjs cannot run the model, so there is nothing to compare with (${reason.split('\n')[0]})`, {
      cause: error,
    });
  }
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
