/** @file The table of all methods of explanation, and how users name them. */
import { InputError } from '../../onnx/errors.js';
import { activationMethods, projectionMethods } from './layer/activation-maps.js';
import { conductanceMethods } from './layer/conductance.js';
import { layerDeepLiftMethods } from './layer/deeplift.js';
import { layerPathMethods } from './layer/paths.js';
import { pooledMethods } from './layer/cam.js';
import { kernelMethods } from './layer/kernel-component.js';
import { curvatureMethods } from './layer/shapley.js';
import { attentionMethods } from './attention/attention-maps.js';
import { deepLiftMethods } from './contributions/deeplift.js';
import { relevanceMethods } from './contributions/lrp.js';
import { averageMethods } from './gradients/averages.js';
import { fullGradientMethods } from './gradients/fullgrad.js';
import { gradientMethods } from './gradients/gradient-maps.js';
import type { ExplainedNetwork, Method } from './kinds/method.js';
import { pathMethods } from './gradients/paths.js';
import { occlusionMethods, perturbationMethods } from './perturbation/perturbations.js';
import { coalitionMethods, regionMethods } from './perturbation/regions.js';
import { riseMethods } from './perturbation/rise.js';
import { sensitivityMethods } from './perturbation/sensitivity.js';
import { productMethods } from './layer/products.js';
import { scoreCamMethods } from './perturbation/score-cams.js';
import { weightedMethods } from './layer/weighted.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';

const maskMethods = { ...riseMethods, ...coalitionMethods, ...sensitivityMethods };

/** The entries, of which no more is known than their names. */
const named = <Name extends string>(entries: Readonly<Record<Name, Method>>) => entries;

/** All methods, by the name users give. */
export const methods = named({
  ...pooledMethods,
  ...weightedMethods,
  ...curvatureMethods,
  ...activationMethods,
  ...projectionMethods,
  ...kernelMethods,
  ...perturbationMethods,
  ...scoreCamMethods,
  ...productMethods,
  ...occlusionMethods,
  ...regionMethods,
  ...maskMethods,
  ...gradientMethods,
  ...averageMethods,
  ...pathMethods,
  ...deepLiftMethods,
  ...relevanceMethods,
  ...conductanceMethods,
  ...layerPathMethods,
  ...layerDeepLiftMethods,
  ...fullGradientMethods,
  ...attentionMethods,
});

/** Name of a method. */
export type MethodName = keyof typeof methods;

/** Name of a method that computes its map from a layer's activations and gradients inside the graph. */
export type WeightedMethodName = keyof typeof weightedMethods;

/** The names of all methods, in the order of the table. */
export const methodNames = Object.keys(methods) as MethodName[];

/** The default methods. */
export const defaultMethods: readonly MethodName[] = ['gradcam', 'gradcam++'];

/** Whether a method explains a layer; the others explain the picture itself. */
export function explainsLayer(name: MethodName): boolean {
  const method = methods[name];
  return method.kind === 'runs' ? method.at === 'layer' : method.kind !== 'gradient';
}

/** Whether each pixel has a value of its own, as in maps of the picture's gradient. */
export function isPixelwise(name: MethodName): boolean {
  const method = methods[name];
  return method.kind === 'runs' ? method.pixelwise === true : method.kind === 'gradient';
}

/** The names without repetitions. @throws InputError for an empty list or a name that is not expected */
export function checkedMethods(names: readonly string[], expected: readonly MethodName[] = methodNames): MethodName[] {
  const unknown = names.find((name) => !expected.some((known) => known === name));
  if (unknown !== undefined || names.length === 0) {
    throw new InputError({
      name: 'method',
      expected: `all, or one or more of ${expected.join(', ')}`,
      got: `"${unknown ?? ''}"`,
    });
  }
  return [...new Set(names as readonly MethodName[])];
}

/** Whether a method compares the target's score with those of similar classes. */
export function comparesClasses(name: MethodName): boolean {
  const method = methods[name];
  return method.kind === 'weighted' && method.contrast !== undefined;
}

/** The methods that suit scores: those that compare classes need several of the whole picture. */
export function suitableMethods({ kind, classes }: ScoreHead): MethodName[] {
  return methodNames.filter((name) => !comparesClasses(name) || (kind === 'classifier' && classes > 1));
}

/** The methods that explain a network, at the chosen layers if they are known. */
export function suitedMethods(network: ExplainedNetwork): MethodName[] {
  return suitableMethods(network.head).filter((name) => {
    try {
      methods[name].expectSuited?.(network);
      return true;
    } catch (error) {
      if (error instanceof InputError) return false;
      throw error;
    }
  });
}

/** The suited methods that `all` means: without those that take minutes for each picture of a large network. */
export function affordableMethods(network: ExplainedNetwork): MethodName[] {
  return suitedMethods(network).filter((name) => {
    const method = methods[name];
    return method.kind !== 'runs' || !method.costly;
  });
}
