/** @file `ganscope` in a browser: the parts that run there. Import a part by its own name to load no other. */
export * as explain from './explain/index.web.js';
export * as inference from './inference/index.web.js';
export * as onnx from './onnx/index.web.js';
