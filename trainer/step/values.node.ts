/** @file A network's state as the tensors that ONNX Runtime is fed, and back. */
import { Tensor } from 'onnxruntime-node';
import { onnxLayout, tfjsLayout } from '../../exporter/weights.js';
import type { NetworkState, StateTensor } from './step.js';
import type { StepWeight } from './weights.js';

/** Graph inputs by name. */
export type Values = Record<string, Tensor>;

export const scalar = (value: number) => new Tensor('float32', Float32Array.of(value), []);

/** The state as graph inputs, in ONNX layout; moments that are missing start at zero. */
export function valuesOf(weights: readonly StepWeight[], state: NetworkState): Values {
  const values: Values = {};
  for (const { name, shape, layout, input, moments } of weights) {
    const put = (key: string, tensor: StateTensor) => {
      const { data, dims } = onnxLayout(tensor.data, shape, layout);
      values[key] = new Tensor('float32', data.slice(), dims);
    };
    const weight = state.weights.get(name);
    if (!weight) throw new Error(`the state lacks the weight ${name}`);
    put(input, weight);
    if (!moments) continue;
    const zero = { shape, data: new Float32Array(weight.data.length) };
    put(moments.m, state.m.get(name) ?? zero);
    put(moments.v, state.v.get(name) ?? zero);
  }
  return values;
}

/** The graph's values as a state, in tfjs layout. */
export function networkState(weights: readonly StepWeight[], values: Values): NetworkState {
  const state: NetworkState = { weights: new Map(), m: new Map(), v: new Map() };
  for (const { name, shape, layout, input, moments } of weights) {
    const tensor = (key: string) => {
      const data = tfjsLayout(values[key]?.data as Float32Array, shape, layout);
      return { shape: [...shape], data: data.slice() };
    };
    state.weights.set(name, tensor(input));
    if (!moments) continue;
    state.m.set(name, tensor(moments.m));
    state.v.set(name, tensor(moments.v));
  }
  return state;
}
