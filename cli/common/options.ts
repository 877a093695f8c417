/** @file Options that several commands have. */

export const deviceOption = {
  choices: ['auto', 'cuda', 'webgpu', 'cpu'],
  default: 'auto',
  describe: 'Where ONNX Runtime computes',
} as const;

export const strictOption = {
  type: 'boolean',
  default: false,
  describe: 'Stop at the first broken, missing or skipped file',
} as const;
