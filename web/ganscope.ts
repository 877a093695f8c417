/** @file The library for pages without a bundler: all that runs in a browser, in one module. */
export * from 'ganscope/explain';
export * from 'ganscope/inference';
export * from 'ganscope/onnx';
export {
  mountExplainer,
  mountPad,
  type EmbeddedPart,
  type ExplainerPartOptions,
  type PadOptions,
} from './embed/embed.js';
