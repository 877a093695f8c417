/** @file The portable part of `ganscope/onnx`: loads, reads, builds, upgrades, differentiates and writes ONNX graphs in memory. */
export { loadModel } from '#load';
export { emptyGraph, GraphBuilder, modelOfGraph } from './build/build.js';
export { InputError } from './errors.js';
export { modelFromBytes } from './files/read.js';
export { modelBytes } from './files/write.js';
export { gradients } from './gradient/walk.js';
export { float } from './graph/attributes.js';
export type { Graph, Model, Node, Shape, Tensor } from './graph/graph.js';
export { float32Tensor, int64Tensor, numbersOf } from './graph/tensor.js';
export { toFloat16 } from './passes/to-float16.js';
export { upgradedModel } from './upgrade/upgrade.js';
