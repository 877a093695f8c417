/** @file `ganscope/onnx` in Node: what runs everywhere, and files. */
export { readBoundedFile, writeFileAtomic } from './files/files.node.js';
export * from './index.web.js';
export { saveModel } from './files/load.node.js';
