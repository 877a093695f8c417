/** @file A small convolutional classifier as a tfjs layers model; its last hidden layer gives features of pictures. */
import type { Sequential } from '@tensorflow/tfjs-layers';
import { tf, tfl } from '../../../exporter/tf.js';
import { weightName } from '../../../exporter/layers/weights.js';
import { Random } from '../../../inference/numeric/random.js';
import { elementCount } from '../../../onnx/graph/graph.js';

export interface ClassifierConfig {
  /** Height and width of its pictures: 8·2^k with k ≥ 1. They have three channels. */
  imageSize: number;
  classes: number;
  /** Channels of the first stage; each later stage has twice as many. */
  width: number;
  seed: number;
}

/** Names of the layers that are the exported outputs. */
export const FEATURES = 'features';
export const LOGITS = 'logits';

/** Momentum of running statistics as tfjs defines it: 0.9 equals PyTorch's default 0.1. */
const MOMENTUM = 0.9;
const EPSILON = 1e-5;

/**
 * Stages of a 3×3 convolution, batch norm, ReLU and 2×2 max pooling down to 8×8, one stage more without pooling, the mean
 * over positions (the features), and a dense layer (the logits). Kernels start from N(0, 2 / fan in) (He et al. 2015).
 */
export function classifierModel({ imageSize, classes, width, seed }: ClassifierConfig): Sequential {
  const model = tfl.sequential({ name: 'classifier' });
  const halvings = Math.log2(imageSize / 8);
  for (let stage = 0; stage <= halvings; stage++) {
    const input = stage === 0 && { inputShape: [imageSize, imageSize, 3] };
    const convolution = {
      ...input,
      kernelSize: 3,
      padding: 'same',
      useBias: false,
      kernelInitializer: 'zeros',
    } as const;
    model.add(tfl.layers.conv2d({ name: `stage${stage + 1}_conv`, ...convolution, filters: width * 2 ** stage }));
    model.add(tfl.layers.batchNormalization({ name: `stage${stage + 1}_norm`, momentum: MOMENTUM, epsilon: EPSILON }));
    model.add(tfl.layers.reLU({ name: `stage${stage + 1}_relu` }));
    if (stage < halvings) model.add(tfl.layers.maxPooling2d({ name: `stage${stage + 1}_pool`, poolSize: 2 }));
  }
  model.add(tfl.layers.globalAveragePooling2d({ name: FEATURES }));
  model.add(tfl.layers.dense({ name: LOGITS, units: classes, kernelInitializer: 'zeros' }));
  for (const layer of model.layers) {
    const kernels = layer.weights.filter((weight) => weightName(weight).endsWith('/kernel'));
    if (kernels.length === 0) continue;
    const values = layer.weights.map((weight, index) => {
      const shape = weight.shape as number[];
      if (!kernels.includes(weight)) return (layer.getWeights()[index] as ReturnType<typeof tf.tensor>).clone();
      const std = Math.sqrt(2 / elementCount(shape.slice(0, -1)));
      const random = Random.derived(seed, `weights/${weightName(weight)}`);
      return tf.tensor(
        Float32Array.from({ length: elementCount(shape) }, () => std * random.normal()),
        shape,
      );
    });
    layer.setWeights(values);
    tf.dispose(values);
  }
  return model;
}
