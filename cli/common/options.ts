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

/** How pictures become the input of a network, for `parsedPreparation`. */
export const preparationOptions = {
  mean: {
    type: 'string',
    describe:
      "Per-channel mean in 0…1 that the network expects, separated by commas [default: from the model, or ImageNet's]",
  },
  std: { type: 'string', describe: 'Per-channel standard deviation' },
  size: {
    type: 'string',
    describe: "HEIGHTxWIDTH, or one number, of the network's input if the model does not fix it [default: 224]",
  },
  channels: {
    type: 'number',
    describe: "Channels of the network's input, if the model does not fix them [default: 3]",
  },
  'channel-order': {
    type: 'string',
    describe: 'rgb, bgr, rgba, bgra, argb or abgr [default: from the model, or rgb]',
  },
  resize: {
    choices: ['crop', 'squash', 'pad'],
    describe: "How pictures are resized to the network's input [default: crop]",
  },
  'channels-last': {
    type: 'boolean',
    describe: "The network's input is [batch, height, width, channels] [default: detected from its shape]",
  },
} as const;
