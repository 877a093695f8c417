/** @file `ganscope/onnx` in Node: what runs everywhere, and files. */
export * from './index.web.js';
export { saveModel } from './files/load.node.js';
