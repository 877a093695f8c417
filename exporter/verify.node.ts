/** @file Compares an exported model with its tfjs model on the same random inputs. */
import type * as layers from '@tensorflow/tfjs-layers';
import { Tensor } from '../inference/runtime/onnxruntime/library.node.js';
import { Random } from '../inference/numeric/random.js';
import { createSession } from '../inference/runtime/session.node.js';
import { InputError } from '../onnx/errors.js';
import { elementCount } from '../onnx/graph/graph.js';
import type { Signature } from './export.js';
import type { LayersModel } from './layers-model.js';
import { isChannelsFirst } from './ports.js';
import { tf, tfl } from './tf.js';

export interface VerifyOptions {
  /** Names of the export's input and outputs. */
  signature: Signature;
  /** Inputs to compare on. A large network takes tfjs's plain backend seconds per input. */
  batch?: number;
  seed?: number;
  /** Inputs in ONNX order instead of standard normal ones: pictures of the kind that the network knows. */
  input?: Float32Array;
  /** Where the file's outputs are not the network's: the file's name of each, and what its numbers should be. */
  outputs?: Readonly<Record<string, { name: string; expected: (output: Float32Array) => ArrayLike<number> }>>;
}

/**
 * The largest absolute difference between tfjs and ONNX Runtime (CPU), by output name, on standard normal or given inputs.
 * NaN if an output has one.
 * @param onnx the exported .onnx file
 * @throws InputError if the file's outputs are not those of the signature
 */
export async function largestDifference(
  layersModel: LayersModel,
  onnx: Uint8Array,
  { signature, batch = 1, seed = 0, ...given }: VerifyOptions,
): Promise<Map<string, number>> {
  const model = layersModel as layers.LayersModel;
  const names = Object.keys(signature.outputs);
  const shape = [batch, ...((model.inputs[0]?.shape.slice(1) ?? []) as number[])];
  const channelsFirst = isChannelsFirst(model);
  const isTurned = (rank: number) => rank === 4 && !channelsFirst;
  const dims = isTurned(shape.length) ? ([0, 3, 1, 2].map((axis) => shape[axis]) as number[]) : shape;
  const random = Random.derived(seed, 'verify');
  const input = given.input ?? Float32Array.from({ length: elementCount(dims) }, () => random.normal());

  const classes = signature.labelName === undefined ? 0 : (model.inputs[1]?.shape[1] as number);
  const labels = Int32Array.from({ length: classes > 0 ? batch : 0 }, () => random.integer(classes));

  const expected = tf.tidy(() => {
    const outputs = Object.values(signature.outputs).map(
      (name) => model.getLayer(name).output as layers.SymbolicTensor,
    );
    const inspected = tfl.model({ inputs: model.inputs, outputs });
    const tensor = tf.tensor(input, dims);
    const first = isTurned(dims.length) ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor;
    const predicted = inspected.predictOnBatch(classes > 0 ? [first, tf.oneHot(labels, classes)] : first);
    return [predicted].flat().map((output) => {
      const turned = isTurned(output.rank) ? tf.transpose(output, [0, 3, 1, 2]) : output;
      return turned.dataSync<'float32'>();
    });
  });

  const session = await createSession(onnx);
  try {
    const { inputName, labelName } = signature;
    const results = await session.run({
      [inputName]: new Tensor('float32', input, dims),
      ...(labelName !== undefined && { [labelName]: new Tensor('int64', BigInt64Array.from(labels, BigInt), [batch]) }),
    });
    return new Map(
      names.map((name, index) => {
        const form = given.outputs?.[name];
        const output = expected[index];
        const made = output && form ? form.expected(output) : output;
        const file = form?.name ?? name;
        return [file, difference(file, made, results[file]?.data)];
      }),
    );
  } finally {
    await session.release();
  }
}

function difference(name: string, expected: ArrayLike<number> | undefined, actual: unknown): number {
  const numeric = actual instanceof Float32Array || actual instanceof Uint8Array;
  if (!expected || !numeric || actual.length !== expected.length) {
    throw new InputError({ name: `output "${name}"`, expected: `${expected?.length} numbers from the exported model` });
  }
  return Array.from(expected).reduce(
    (largest, value, i) => Math.max(largest, Math.abs(value - (actual[i] as number))),
    0,
  );
}
