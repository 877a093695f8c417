/** @file Features of pictures: a layer of any ONNX network, averaged over positions or tokens. */
import { shownText } from '../../inference/files/copies.node.js';
import { preparedPictures, type NetworkInput, type Preparation } from '../../inference/networks/network-input.js';
import { channelsLast } from '../../inference/pictures/layout.js';
import { preparationBeside } from '../../inference/networks/hub-config.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { readNetwork } from '../../inference/networks/read-network.js';
import { openSession } from '../../inference/runtime/runtime.node.js';
import {
  sessionTensor,
  type ResolvedDevice,
  type Session,
  type SessionTensor,
} from '../../inference/runtime/session.js';
import { namingFile } from '../../onnx/graph/naming.js';
import { InputError, loadModel, upgradedModel, type Graph } from '../../onnx/index.js';
import { expectAffordable } from '../../onnx/upgrade/affordable.js';
import { prunedGraph } from '../../onnx/graph/order.js';
import { featureAxis, meanOverPositions } from './feature-axis.js';

export interface FeatureOptions {
  /** Preprocessing, if the network's file does not state it or states it wrongly. */
  preparation?: Preparation | undefined;
  /** Where it runs, default `cpu`. */
  device?: ResolvedDevice | undefined;
  /** What its file and layer are called, if not by the path. */
  shown?: string | undefined;
}

/** The file and the layer that a text such as `MODEL.onnx:LAYER` names. */
export function namedFeatures(source: string): { path: string; layer: string | undefined } {
  const [, path = source, layer] = /^(.*\.onnx):(.+)$/.exec(source) ?? [];
  return { path, layer };
}

/** Pictures per run of networks with an open batch size, at most, and their numbers, at most, unless one has more. */
const BATCH = 32;
const BATCH_NUMBERS = 2 ** 24;
/** Default output, if no layer is named and an output has this name. */
const DEFAULT_OUTPUT = 'features';

/**
 * A network that computes features of pictures.
 *
 * @example
 * const network = await FeatureNetwork.load('inception.onnx'); // docs/inception_features.py
 * const features = await network.features(pictures); // [N, network.size]
 * await network.dispose();
 */
export class FeatureNetwork {
  private constructor(
    /** The file and the layer, for display. */
    readonly name: string,
    /** Features per picture. */
    readonly size: number,
    readonly input: NetworkInput,
    readonly session: Session,
    /** Of the layer's output the axis that its features stand on. */
    readonly axis: number,
    /** How pictures are prepared for it, and which value its features are. */
    readonly assumptions: readonly Assumption[],
  ) {}

  /**
   * @param source an .onnx file with one picture input, and the name of a node or value after a colon; without one, the
   * output `features`, or else the first
   * @throws InputError if the file cannot be read, has no such layer, or has no picture input
   */
  static async load(source: string, options: FeatureOptions = {}): Promise<FeatureNetwork> {
    const { path, layer } = namedFeatures(source);
    const shown = namedFeatures(options.shown ?? shownText(source)).path;
    const loaded = await loadModel(path);
    const defaults = await preparationBeside(path);
    const { preparation } = options;
    const stated = { anySize: true, ...(preparation && { preparation }), ...(defaults && { defaults }) };
    const { model, input, assumptions } = namingFile(path, () => {
      expectAffordable(loaded);
      return readNetwork(upgradedModel(loaded), stated);
    });
    const { value, because } = featureValue(model.graph, layer, path);
    const outputs = prunedGraph(model.graph, [value]);
    const running = { device: options.device ?? 'cpu', spinning: 'never' } as const;
    const session = await namingFile(path, () => openSession({ ...model, graph: outputs }, running));
    try {
      const { channels, height, width } = input.picture;
      const blank = new Float32Array((input.batch ?? 1) * channels * height * width);
      const { dims } = await namingFile(path, () => runOnce(session, input, blank));
      const { axis, averaged } = featureAxis(model.graph, value, dims, input);
      const size = dims[axis] as number;
      const taken = `"${value}", numbers per picture: ${size}${averaged}`;
      const own = { about: 'features', taken, because, options: ['features'] };
      return new FeatureNetwork(`${shown}:${value}`, size, input, session, axis, [...assumptions, own]);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** Features of pictures of any size, with the network's preprocessing: [N, size]. */
  async features(pictures: readonly Picture[]): Promise<Float32Array> {
    const features = new Float32Array(pictures.length * this.size);
    for (const { input, indices } of batchesOf(pictures, this.input)) {
      const prepared = preparedPictures(
        indices.map((index) => pictures[index] as Picture),
        input,
      );
      const { data, dims } = await namingFile(this.name, () => runOnce(this.session, input, prepared));
      const found = meanOverPositions(data as Float32Array, dims, this.axis);
      indices.forEach((index, row) =>
        features.set(found.subarray(row * this.size, (row + 1) * this.size), index * this.size),
      );
    }
    return features;
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

/** Pictures, by their indices, that go into the network together: of one size, where it takes any. */
interface Batch {
  input: NetworkInput;
  indices: readonly number[];
}

function batchesOf(pictures: readonly Picture[], input: NetworkInput): Batch[] {
  const bySize = new Map<string, number[]>();
  pictures.forEach((picture, index) => {
    const size = input.anySize ? `${picture.width}×${picture.height}` : '';
    const alike = bySize.get(size);
    if (alike) alike.push(index);
    else bySize.set(size, [index]);
  });
  return [...bySize.values()].flatMap((indices) => {
    const { width, height } = input.anySize ? (pictures[indices[0] as number] as Picture) : input.picture;
    const picture = { ...input.picture, width, height };
    const affordable = Math.max(1, Math.floor(BATCH_NUMBERS / (picture.channels * width * height)));
    const count = input.batch ?? Math.min(BATCH, affordable);
    return Array.from({ length: Math.ceil(indices.length / count) }, (_, i) => {
      return { input: { ...input, picture }, indices: indices.slice(i * count, (i + 1) * count) };
    });
  });
}

/** Name of the value that holds the features. */
function featureValue(graph: Graph, layer: string | undefined, path: string): { value: string; because: string } {
  const outputs = graph.outputs.map(({ name }) => name);
  if (layer === undefined) {
    const isNamed = outputs.includes(DEFAULT_OUTPUT);
    const value = isNamed ? DEFAULT_OUTPUT : outputs[0];
    if (value === undefined) throw new InputError({ name: path, expected: 'a network with outputs', got: 'none' });
    const others = outputs.slice(1);
    const first = others.length > 0 ? `the first output; others are ${others.join(', ')}` : 'the only output';
    return { value, because: isNamed ? 'the output of this name' : first };
  }
  const node = graph.nodes.find(({ name }) => name === layer);
  const known = graph.nodes.some((each) => each.outputs.includes(layer));
  const value = node?.outputs[0] ?? (known ? layer : undefined);
  if (value === undefined) {
    const last = graph.nodes.slice(-8).map(({ name, outputs: [first = ''] }) => name || first);
    throw new InputError({
      name: path,
      expected: `the name of a node or value after the colon, such as ${last.join(', ')}`,
      got: `"${layer}"`,
    });
  }
  return { value, because: 'as stated' };
}

/** A layer's output of a batch. @throws InputError if it has no row of numbers for each picture */
async function runOnce(session: Session, input: NetworkInput, batch: Float32Array): Promise<SessionTensor> {
  const { name, layout, picture } = input;
  const { channels, height, width } = picture;
  const stride = channels * height * width;
  const count = input.batch ?? batch.length / stride;
  const padded = new Float32Array(count * stride);
  padded.set(batch);
  const fed =
    layout === 'NCHW'
      ? sessionTensor(padded, [count, channels, height, width])
      : sessionTensor(channelsLast(padded, picture), [count, height, width, channels]);
  const [output = ''] = session.outputNames;
  const result = (await session.run({ [name]: fed }))[output];
  if (result?.data instanceof Float32Array && result.dims.length >= 2 && result.dims[0] === count) return result;
  throw new InputError({
    name: `features "${output}"`,
    expected: `float32 numbers [batch, features, …], here of a batch of ${count}`,
    got: `${result?.type} [${result?.dims.join(', ')}]`,
  });
}
