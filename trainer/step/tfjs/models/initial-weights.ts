/** @file The initial weights of a run. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { tf } from '../../../../exporter/tf.js';
import { weightName, type LayerWeight } from '../../../../exporter/layers/weights.js';
import { Random } from '../../../../inference/numeric/random.js';
import { elementCount } from '../../../../onnx/graph/graph.js';
import type { GanConfig } from '../../../settings/config.js';
import { isLabelTable } from './labels.js';
import { normTable } from './projection.js';
import { isResidual } from './resnet.js';

type Layer = LayersModel['layers'][number];

/** Standard deviation of initial convolution kernels (Radford et al. 2016, section 4). */
const KERNEL_STD = 0.02;

/**
 * Initialises the weights as the seed systems do, or as `kernelInit` says. Each weight has its own stream of random numbers,
 * so it depends only on the run's seed, its name and its shape.
 */
export function withInitialWeights(model: LayersModel, config: GanConfig): LayersModel {
  for (const layer of model.layers) {
    const values = layer.weights.map((weight) => {
      const shape = weight.shape as number[];
      return tf.tensor(initialWeight(layer, weight, config), shape);
    });
    layer.setWeights(values);
    tf.dispose(values);
  }
  return model;
}

function initialWeight(layer: Layer, weight: LayerWeight, config: GanConfig): Float32Array {
  const name = weightName(weight);
  const random = Random.derived(config.seed, `weights/${name}`);
  const filled = (element: () => number) =>
    Float32Array.from({ length: elementCount(weight.shape as number[]) }, element);
  const uniform = (bound: number) => filled(() => bound * (2 * random.uniform() - 1));
  const kind = name.slice(name.lastIndexOf('/') + 1);
  switch (kind) {
    case 'kernel':
    case 'bias': {
      // As PyTorch's Embedding.
      if (isLabelTable(name)) return filled(() => random.normal());
      const table = normTable(name);
      if (table === 'shift') return filled(() => 0);
      if (table === 'scale') return filled(() => 1 + config.batchNormInitStd * random.normal());
      if (config.kernelInit === 'glorot') return kind === 'bias' ? filled(() => 0) : uniform(glorotBound(layer));
      // Other weights, such as those of dense layers, keep PyTorch's default initialisation.
      if (layer.getClassName() === 'Dense' || config.kernelInit === 'pytorch') {
        return uniform(1 / Math.sqrt(fanIn(layer)));
      }
      return kind === 'bias' ? filled(() => 0) : filled(() => KERNEL_STD * random.normal());
    }
    case 'gamma':
      return filled(() => 1 + config.batchNormInitStd * random.normal());
    case 'moving_variance':
      return filled(() => 1);
    default:
      return filled(() => 0);
  }
}

const kernelShape = (layer: Layer) => (layer.weights[0]?.shape ?? []) as number[];

/**
 * Inputs per output as PyTorch counts them: all sizes of its weight but the first, which for a transposed convolution,
 * [in, out, kh, kw], is the input's. tfjs has that first size last.
 */
function fanIn(layer: Layer): number {
  return elementCount(kernelShape(layer).slice(0, -1));
}

/**
 * gain·√(6/(fan in + fan out)) (Glorot and Bengio 2010, eq. 16), with the gain √2 for the 3×3 convolutions of residual blocks
 * and 1 elsewhere, as the SNGAN authors' code has it.
 */
function glorotBound(layer: Layer): number {
  const shape = kernelShape(layer);
  const positions = elementCount(shape.slice(0, -2));
  const fans = positions * ((shape.at(-2) as number) + (shape.at(-1) as number));
  return (isResidual(layer.name) ? Math.SQRT2 : 1) * Math.sqrt(6 / fans);
}
