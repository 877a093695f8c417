/** @file The names of all methods, for help texts: this file loads nothing else, so that `--help` is there at once. A test holds it against the table. */
import type { MethodName } from './table.js';

/** The methods in groups. */
export const methodGroups: readonly { title: string; names: readonly MethodName[] }[] = [
  {
    title: 'weighted activations of a layer',
    names: [
      'cam',
      'gradcam',
      'gradcam++',
      'gradcam++-normalized',
      'gradcam++-mean',
      'hirescam',
      'xgradcam',
      'layercam',
      'gradcam-elementwise',
      'seg-xres-cam',
      'finercam',
      'shapley-cam',
      'guided-gradcam',
    ],
  },
  { title: 'activations of a layer alone', names: ['fem'] },
  { title: 'principal components of a layer', names: ['eigencam', 'eigengradcam', 'seg-eigen-cam', 'kpca-cam'] },
  { title: 'perturbing a layer', names: ['scorecam', 'ablationcam', 'random'] },
  { title: 'the same many times, to be named (not in all)', names: ['ss-cam', 'is-cam'] },
  { title: 'hiding parts of the picture', names: ['occlusion', 'region-ablation'] },
  {
    title: 'random masks of the picture, to be named (not in all)',
    names: ['rise', 'lime', 'kernel-shap', 'sobol', 'hsic'],
  },
  {
    title: 'gradients of the picture',
    names: ['saliency', 'inputxgradient', 'guided-backprop', 'deconvolution', 'fullgrad'],
  },
  { title: 'attention of transformers', names: ['attention-rollout', 'gradient-rollout', 'legrad'] },
  {
    title: 'units of a layer on the way from a baseline',
    names: ['conductance', 'layer-integrated-gradients', 'internal-influence', 'layer-deeplift'],
  },
  { title: 'contributions beside a baseline', names: ['deeplift', 'deeplift-shap'] },
  {
    title: 'layer-wise relevance propagation',
    names: [
      'lrp-epsilon',
      'lrp-gamma',
      'lrp-alpha1-beta0',
      'lrp-alpha2-beta1',
      'lrp-epsilon-plus',
      'lrp-epsilon-plus-flat',
      'lrp-epsilon-alpha2-beta1',
      'lrp-epsilon-alpha2-beta1-flat',
      'lrp-epsilon-gamma-box',
    ],
  },
  {
    title: 'averages over many runs',
    names: ['smooth-gradcam++', 'smoothgrad', 'vargrad', 'squaregrad', 'integrated-gradients', 'gradient-shap'],
  },
];

/** The methods that `runs` gives a number of forward passes, with those they take by default. */
export const methodRuns: readonly { name: MethodName; runs: number }[] = [
  { name: 'region-ablation', runs: 50 },
  { name: 'rise', runs: 4000 },
  { name: 'lime', runs: 1000 },
  { name: 'kernel-shap', runs: 1000 },
  { name: 'sobol', runs: 2080 },
  { name: 'hsic', runs: 500 },
];
