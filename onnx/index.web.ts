/** @file `ganscope/onnx` wherever it runs: ONNX graphs in memory: load, read, build, upgrade, differentiate, write. */
export { loadModel } from '#load';
export { adamScalars, adamUpdate, type AdamNumbers, type AdamRates, type AdamState } from './build/adam.js';
export { appendedGraph } from './build/append.js';
export { float, type AttributeValue } from './graph/attributes.js';
export { copiedGraph, emptyGraph, GraphBuilder, modelOfGraph } from './build/build.js';
export { InputError } from './errors.js';
export type { LoadOptions, LoadProgress } from './files/fetch.js';
export { gradients } from './gradient/walk.js';
export * from './graph/graph.js';
export { convTransposeToMatMul } from './passes/conv-transpose-to-matmul.js';
export { prunedGraph, topologicalOrder } from './graph/order.js';
export { modelFromBytes } from './files/read.js';
export { float32Tensor, int64Tensor, numbersOf, scalarTensor } from './graph/tensor.js';
export { Types } from './shapes/types.js';
export { upgradedModel } from './upgrade/upgrade.js';
export { modelBytes } from './files/write.js';
