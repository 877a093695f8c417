/** @file Maps of the gradient with respect to the picture. */
import type { GraphBuilder } from '../../../onnx/build/build.js';
import type { GradientMethod } from '../kinds/method.js';
import { expectRectifiers } from './rectifiers.js';

/** max_c |value| [N, H, W] */
const largestOfChannels = (b: GraphBuilder, value: string) =>
  b.op('ReduceMax', [b.op('Abs', [value], {}, 'size')], { axes: [1], keepdims: 0 }, 'signed');

/** Methods that use the gradient with respect to the picture. */
export const gradientMethods = {
  /** Simonyan et al. 2014, section 3.1: max_c |∂score/∂x_c|. */
  saliency: { kind: 'gradient', title: 'Saliency', map: (b, _x, g) => largestOfChannels(b, g) },
  /** Shrikumar et al. 2016: Σ_c x_c·∂score/∂x_c; x is the prepared picture. */
  inputxgradient: {
    kind: 'gradient',
    title: 'Input × gradient',
    map: (b, x, g) => b.reduceSum(b.mul(x, g, 'input_times_gradient'), [1], false, 'signed'),
  },
  /**
   * Springenberg et al. 2015, section 3.4: the saliency map of a gradient that rectifiers (`rectifiedValue`) pass only
   * where both their input and the incoming gradient are positive.
   */
  'guided-backprop': {
    kind: 'gradient',
    title: 'Guided backprop',
    backward: 'guided',
    expectSuited: expectRectifiers,
    map: (b, _x, g) => largestOfChannels(b, g),
  },
  /** Zeiler and Fergus 2014, section 2.1: the same, but rectifiers pass all positive gradients, whatever their input. */
  deconvolution: {
    kind: 'gradient',
    title: 'Deconvolution',
    backward: 'deconvolution',
    expectSuited: expectRectifiers,
    map: (b, _x, g) => largestOfChannels(b, g),
  },
} as const satisfies Record<string, GradientMethod>;
