/** @file Maps that are products of others. */
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { largestOfChannels } from '../gradients/averages.js';
import { expectRectifiers } from '../gradients/rectifiers.js';
import type { RunsMethod } from '../kinds/method.js';

/** Methods that multiply a layer's map with one of the picture. */
export const productMethods = {
  /** Selvaraju et al. 2017, section 3.2: ReLU of Grad-CAM, divided by its maximum and enlarged bilinearly, times the map of guided backpropagation. */
  'guided-gradcam': {
    kind: 'runs',
    title: 'Guided Grad-CAM',
    at: 'layer',
    expectSuited: expectRectifiers,
    async map(network) {
      const { input, layer, picture } = network;
      const plane = layer.height * layer.width;
      const { gradients } = await network.atLayer(input);
      const weights = Array.from(
        { length: layer.channels },
        (_, k) => gradients.subarray(k * plane, (k + 1) * plane).reduce((sum, value) => sum + value, 0) / plane,
      );
      const heat = network.weighted(weights);
      const largest = heat.data.reduce((most, value) => Math.max(most, value), 0) || 1;
      const positive = heat.data.map((value) => Math.max(value, 0) / largest);
      const enlarged = bilinearResized(positive, heat.height, heat.width, picture.height, picture.width);
      const guided = largestOfChannels(await network.gradients(input, 'guided'), picture);
      return { ...guided, data: guided.data.map((value, at) => value * (enlarged[at] as number)) };
    },
  },
} as const satisfies Record<string, RunsMethod>;
