/** @file The training state as values of ONNX Runtime, and back. */
import { Tensor, type InferenceSession } from '../../../inference/runtime/onnxruntime/library.node.js';
import { onnxLayout, tfjsLayout } from '../../../exporter/layers/weights.js';
import { elementCount } from '../../../onnx/graph/graph.js';
import type { GanConfig } from '../../settings/config.js';
import { stepInputs } from './graph/networks.js';
import type { StateEntry } from './graph/weights.js';
import type { NetworkState, TrainState } from '../state/step.js';

/** Values by the name of the graph's input. */
export type Values = Record<string, Tensor>;

export const scalar = (value: number) => new Tensor('float32', Float32Array.of(value), []);

/** A copy of a network's state as graph inputs, in ONNX layout. Missing Adam moments start at zero. */
export function networkValues(entries: readonly StateEntry<string>[], state: NetworkState): Values {
  return Object.fromEntries(
    entries.map(({ part, name, shape, layout, input }) => {
      const saved = state[part]?.get(name);
      if (!saved && part !== 'm' && part !== 'v') throw new Error(`the state lacks ${part} ${name}`);
      const { data, dims } = onnxLayout(saved?.data ?? new Float32Array(elementCount(shape)), shape, layout);
      return [input, new Tensor('float32', data.slice(), dims)];
    }),
  );
}

/** A copy of a network's values as state, in tfjs layout. */
export function networkState(entries: readonly StateEntry<string>[], values: Values): NetworkState {
  const state: NetworkState = { weights: new Map(), m: new Map(), v: new Map() };
  for (const { part, name, shape, layout, input } of entries) {
    const data = tfjsLayout(values[input]?.data as Float32Array, shape, layout);
    (state[part] ??= new Map()).set(name, { shape: [...shape], data: data.slice() });
  }
  return state;
}

/** The values of both networks of a GAN. */
export function stateValues(entries: readonly StateEntry[], { generator, discriminator }: TrainState): Values {
  return {
    ...networkValues(entriesOf('generator', entries), generator),
    ...networkValues(entriesOf('discriminator', entries), discriminator),
  };
}

/** The state of both networks of a GAN. */
export function trainState(step: number, entries: readonly StateEntry[], values: Values): TrainState {
  const stateOf = (network: string) => networkState(entriesOf(network, entries), values);
  return { step, generator: stateOf('generator'), discriminator: stateOf('discriminator') };
}

const entriesOf = (wanted: string, entries: readonly StateEntry[]) =>
  entries.filter(({ network }) => network === wanted);

/**
 * Output of a `samplingGraph` session for latents [N, Z].
 * @param labels one-hot classes [N, K], of a conditional generator
 * @param values the state, by the name of the graph's input
 */
export async function sampled(
  sampler: InferenceSession,
  { latents, labels }: { latents: Float32Array; labels: Float32Array | undefined },
  { latentDim, conditional, classNames }: GanConfig,
  values: Values,
): Promise<Float32Array> {
  const count = latents.length / latentDim;
  const feeds: Values = { [stepInputs.latents]: new Tensor('float32', latents, [count, latentDim]) };
  if (conditional) {
    if (labels === undefined) throw new Error('a conditional generator needs labels');
    feeds[stepInputs.labels] = new Tensor('float32', labels, [count, classNames.length]);
  }
  for (const name of sampler.inputNames) feeds[name] ??= values[name] as Tensor;
  return (await sampler.run(feeds))['pictures']?.data as Float32Array;
}
