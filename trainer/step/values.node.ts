/** @file The training state as values of ONNX Runtime, and back. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { onnxLayout, tfjsLayout } from '../../exporter/weights.js';
import { elementCount } from '../../onnx/index.js';
import type { GanConfig } from '../config.js';
import { stepInputs } from './graph/networks.js';
import type { StateEntry } from './graph/weights.js';
import type { NetworkState, TrainState } from './step.js';

/** Values by the name of the graph's input. */
export type Values = Record<string, Tensor>;

export const scalar = (value: number) => new Tensor('float32', Float32Array.of(value), []);

/** A copy of the state as graph inputs, in ONNX layout; Adam's moments that are missing start at zero. */
export function stateValues(entries: readonly StateEntry[], state: TrainState): Values {
  return Object.fromEntries(
    entries.map(({ network, part, name, shape, layout, input }) => {
      const saved = state[network][part]?.get(name);
      if (!saved && part !== 'm' && part !== 'v') throw new Error(`the state lacks ${part} ${name}`);
      const { data, dims } = onnxLayout(saved?.data ?? new Float32Array(elementCount(shape)), shape, layout);
      return [input, new Tensor('float32', data.slice(), dims)];
    }),
  );
}

/** A copy of the values as state, in tfjs layout. */
export function trainState(step: number, entries: readonly StateEntry[], values: Values): TrainState {
  const network = (): NetworkState => ({ weights: new Map(), m: new Map(), v: new Map() });
  const state: TrainState = { step, generator: network(), discriminator: network() };
  for (const { network: owner, part, name, shape, layout, input } of entries) {
    const data = tfjsLayout(values[input]?.data as Float32Array, shape, layout);
    (state[owner][part] ??= new Map()).set(name, { shape: [...shape], data: data.slice() });
  }
  return state;
}

/** What a session of `samplingGraph` gives for latents [N, Z]. @param values the state, by the name of the graph's input */
export async function sampled(
  sampler: InferenceSession,
  latents: Float32Array,
  { latentDim }: GanConfig,
  values: Values,
): Promise<Float32Array> {
  const feeds: Values = {
    [stepInputs.latents]: new Tensor('float32', latents, [latents.length / latentDim, latentDim]),
  };
  for (const name of sampler.inputNames) feeds[name] ??= values[name] as Tensor;
  return (await sampler.run(feeds))['pictures']?.data as Float32Array;
}
