/** @file One network of the tfjs step: its model, whose variables are the weights, and the rest of its state. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';
import { weightName } from '../../../exporter/layers/weights.js';
import type { GanConfig } from '../../settings/config.js';
import { withState } from './state.js';
import { ADAM_EPSILON } from '../../../onnx/build/adam.js';
import { adamNumbers } from '../state/schedule.js';
import type { NetworkState, StateTensor } from '../state/step.js';
import type { Vectors } from './spectral-norm.js';

/** A network and its state. */
export class Network {
  readonly variables: ReadonlyMap<string, Variable>;
  readonly #moments: ReadonlyMap<string, { m: Variable; v: Variable }>;
  /** Vectors of spectral norm, by kernel name; empty without. */
  readonly #vectors = new Map<string, { u: Variable; v: Variable }>();
  readonly #vectorShapes = new Map<string, number[]>();

  /** @param model its weights are set from `state` and belong to the network from now on */
  constructor(
    readonly model: LayersModel,
    state: NetworkState,
  ) {
    withState(model, state);
    this.variables = new Map(model.weights.map((weight) => [weightName(weight), weight.read() as Variable]));
    const moment = (saved: StateTensor | undefined, like: Variable): Variable =>
      variableFrom(() => (saved ? tf.tensor(saved.data, saved.shape) : tf.zerosLike(like)));
    this.#moments = new Map(
      model.trainableWeights.map(weightName).map((name) => {
        const like = this.variables.get(name) as Variable;
        return [name, { m: moment(state.m.get(name), like), v: moment(state.v.get(name), like) }];
      }),
    );
    for (const [name, { data, shape }] of state.spectral ?? []) {
      this.#vectorShapes.set(name, shape);
      const column = variableFrom(() => tf.tensor(data, [data.length, 1]));
      const [kernel, kind] = [name.slice(0, -2), name.slice(-1) as 'u' | 'v'];
      this.#vectors.set(kernel, { ...this.#vectors.get(kernel), [kind]: column } as { u: Variable; v: Variable });
    }
  }

  get trainable(): Variable[] {
    return [...this.#moments.keys()].map((name) => this.variables.get(name) as Variable);
  }

  get vectors(): ReadonlyMap<string, Vectors> {
    return this.#vectors;
  }

  setVectors(vectors: ReadonlyMap<string, Vectors>): void {
    for (const [name, { u, v }] of vectors) {
      this.#vectors.get(name)?.u.assign(u);
      this.#vectors.get(name)?.v.assign(v);
    }
  }

  /** Adam (Kingma and Ba 2015, algorithm 1). @param t number of the update, counted from 1 */
  updateWithAdam(gradients: Record<string, Tensor>, rate: number, t: number, config: GanConfig): void {
    const { beta1, beta2 } = config;
    const { stepSize, correction } = adamNumbers(rate, t, config);
    for (const [name, { m, v }] of this.#moments) {
      const weight = this.variables.get(name) as Variable;
      const gradient = gradients[weight.name] as Tensor;
      m.assign(tf.add(m, tf.mul(tf.sub(gradient, m), 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
      const std = tf.add(tf.div(tf.sqrt(v), correction), ADAM_EPSILON);
      weight.assign(tf.sub(weight, tf.mul(tf.div(m, std), stepSize)));
    }
  }

  /** Limits all trained weights; see `graph/clip.ts`. */
  clip(limit: number): void {
    for (const weight of this.trainable) weight.assign(tf.clipByValue(weight, -limit, limit));
  }

  /** A copy of the state. */
  async state(): Promise<NetworkState> {
    const state: NetworkState = { weights: await weightsOf(this.model), m: new Map(), v: new Map() };
    for (const [name, { m, v }] of this.#moments) {
      state.m.set(name, await taken(m));
      state.v.set(name, await taken(v));
    }
    for (const [name, shape] of this.#vectorShapes) {
      const column = this.#vectors.get(name.slice(0, -2))?.[name.slice(-1) as 'u' | 'v'] as Variable;
      (state.spectral ??= new Map()).set(name, { ...(await taken(column)), shape });
    }
    return state;
  }

  dispose(): void {
    for (const { m, v } of this.#moments.values()) tf.dispose([m, v]);
    for (const { u, v } of this.#vectors.values()) tf.dispose([u, v]);
    this.model.dispose();
  }
}

function variableFrom(value: () => Tensor): Variable {
  const start = value();
  const variable = tf.variable(start, false);
  start.dispose();
  return variable;
}

/** A copy of a model's weights. */
export async function weightsOf(model: LayersModel): Promise<Map<string, StateTensor>> {
  const weights = new Map<string, StateTensor>();
  for (const weight of model.weights) weights.set(weightName(weight), await taken(weight.read() as Variable));
  return weights;
}

async function taken(variable: Variable): Promise<StateTensor> {
  return { shape: [...variable.shape], data: Float32Array.from(await variable.data<'float32'>()) };
}

/** a ← β·a + (1 − β)·w for all weights, running statistics included; see `graph/ema.ts`. */
export function updateAverage(average: LayersModel, model: LayersModel, decay: number): void {
  average.weights.forEach((weight, index) => {
    const current = model.weights[index]?.read() as Variable;
    const variable = weight.read() as Variable;
    variable.assign(tf.add(tf.mul(variable, decay), tf.mul(current, 1 - decay)));
  });
}
