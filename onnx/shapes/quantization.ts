/** @file Shapes of quantisation: a tensor of floats as small integers with a scale and a zero point. */
import { inputOf, type ValueType } from '../graph/graph.js';
import { first, type ShapeRule } from './rule.js';

export const quantizeLinear: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  return [{ type: types.get(inputOf(node, 2))?.type ?? 'uint8', ...(shape && { shape }) }];
};

export const dequantizeLinear: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  return [{ type: types.get(inputOf(node, 1))?.type ?? 'float32', ...(shape && { shape }) }];
};

/** The scale and the zero point are scalars, computed from the tensor. */
export const dynamicQuantizeLinear: ShapeRule = (node, types) => {
  const shape = first(node, types)?.shape;
  const quantized: ValueType = { type: 'uint8', ...(shape && { shape }) };
  return [quantized, { type: 'float32', shape: [] }, { type: 'uint8', shape: [] }];
};
