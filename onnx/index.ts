/** @file `ganscope/onnx` in Node: the portable part, and files. */
export * from './index.web.js';
export { expectWritable } from './files/disk/writable.node.js';
export { saveModel } from './files/load.node.js';
