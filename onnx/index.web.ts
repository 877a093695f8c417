/** @file `ganscope/onnx` wherever it runs: ONNX graphs in memory: load, read, build, upgrade, differentiate, write. */
export { loadModel } from '#load';
export { emptyGraph, GraphBuilder, modelOfGraph } from './build/build.js';
export { InputError } from './errors.js';
export type { LoadOptions } from './files/fetch.js';
export { modelFromBytes } from './files/read.js';
export { modelBytes } from './files/write.js';
export { gradients } from './gradient/walk.js';
export { float } from './graph/attributes.js';
export type { DataType, Graph, Model, Node, Shape, Tensor } from './graph/graph.js';
export { float32Tensor, int64Tensor, numbersOf } from './graph/tensor.js';
export { foldedBatchNorm } from './passes/fold-batch-norm.js';
export { toFloat16 } from './passes/to-float16.js';
export { uint8Generator } from './passes/uint8.js';
export { Types } from './shapes/types.js';
export { upgradedModel } from './upgrade/upgrade.js';
