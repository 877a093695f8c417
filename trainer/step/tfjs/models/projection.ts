/**
 * @file What makes residual networks conditional (Miyato and Koyama 2018, "cGANs with Projection Discriminator"), after the authors'
 * code (pfnet-research/sngan_projection): conditional batch norm in the generator's blocks, and the projection.
 */
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { tfl } from '../../../../exporter/tf.js';
import type { GanConfig } from '../../../settings/config.js';
import { labelRow } from './labels.js';
import { batchNorm } from './layers.js';

/** Endings of the layers that scale and shift what a norm gives. */
const [SCALE, SHIFT] = ['_scale', '_shift'];

/** Whether a weight, by its name, has the scales of each class, which begin at 1, or its shifts, which begin at 0. */
export function normTable(name: string): 'scale' | 'shift' | undefined {
  if (!/^g_block\d+_norm[12]_/.test(name)) return undefined;
  return name.endsWith(`${SCALE}/kernel`) ? 'scale' : name.endsWith(`${SHIFT}/kernel`) ? 'shift' : undefined;
}

/** γ_y·(x − μ)/√(σ² + ε) + β_y, with numbers of its own for each class y (de Vries et al. 2017; Dumoulin et al. 2017). */
export function conditionalNorm(
  name: string,
  config: GanConfig,
  x: SymbolicTensor,
  label: SymbolicTensor,
): SymbolicTensor {
  const channels = x.shape.at(-1) as number;
  const plain = batchNorm(name, config, { center: false, scale: false }).apply(x) as SymbolicTensor;
  const perClass = (ending: string) => {
    const row = labelRow(`${name}${ending}`, channels, label);
    const maps = tfl.layers.reshape({ name: `${name}${ending}_maps`, targetShape: [1, 1, channels] });
    return maps.apply(row) as SymbolicTensor;
  };
  const scaled = tfl.layers.multiply({ name: `${name}_scaled` }).apply([plain, perClass(SCALE as string)]);
  const shifted = tfl.layers.add({ name: `${name}_shifted` });
  return shifted.apply([scaled as SymbolicTensor, perClass(SHIFT as string)]) as SymbolicTensor;
}

/** The logit: a dense layer of the features φ(x), and the product vᵀ_y·φ(x) with a vector of the class (eq. 3). */
export function projectedLogit(features: SymbolicTensor, label: SymbolicTensor): SymbolicTensor {
  const dense = tfl.layers.dense({ name: 'd_psi', units: 1, kernelInitializer: 'zeros' });
  const row = labelRow('d_label_projection', features.shape.at(-1) as number, label);
  const product = tfl.layers.dot({ name: 'd_projection', axes: 1 }).apply([row, features]) as SymbolicTensor;
  return tfl.layers
    .add({ name: 'd_logit' })
    .apply([dense.apply(features) as SymbolicTensor, product]) as SymbolicTensor;
}
