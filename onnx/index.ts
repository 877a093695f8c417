/** @file `ganscope/onnx` in Node: what runs everywhere, and files. */
export { readBoundedFile, writeFileAtomic } from './files.node.js';
export * from './index.web.js';
export { saveModel } from './load.node.js';
