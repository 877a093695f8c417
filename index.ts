/** @file `ganscope`: all parts. Import a part by its own name, such as `ganscope/inference`, to load no other. */
export * as explain from './explain/index.js';
export * as exporter from './exporter/index.js';
export * as inference from './inference/index.js';
export * as onnx from './onnx/index.js';
export * as trainer from './trainer/index.js';
