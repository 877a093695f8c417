/** @file The gradient rule of every operator of the dialect. */
import type { shapeRules } from '../shapes/table.js';
import { activationRules } from './rules/elementwise/activation.js';
import { convRules } from './rules/conv/conv.js';
import { elementwiseRules } from './rules/elementwise/elementwise.js';
import { expandedRules, subgraphRules } from './rules/expanded.js';
import { indexingRules } from './rules/indexing.js';
import { matmulRules } from './rules/matmul.js';
import { movementRules } from './rules/movement.js';
import { normRules } from './rules/norm.js';
import { poolRules } from './rules/pool.js';
import { reduceRules } from './rules/reduce.js';
import { resizeRules } from './rules/resize.js';
import { straightThroughRules } from './rules/quantization.js';
import { notDifferentiable, oneHot, zeroGradient, type GradientRule } from './rules/rule.js';
import { trigonometryRules } from './rules/elementwise/trigonometry.js';

/** Every operator that we know, differentiable or not. */
export type KnownOp = keyof typeof shapeRules;

/** The rules by file; `<family>.test.ts` checks every one of a family. */
export const ruleFamilies = {
  activation: activationRules,
  conv: convRules,
  elementwise: elementwiseRules,
  expanded: expandedRules,
  indexing: indexingRules,
  matmul: matmulRules,
  movement: movementRules,
  norm: normRules,
  pool: poolRules,
  reduce: reduceRules,
  resize: resizeRules,
  trigonometry: trigonometryRules,
};

const differentiable = {
  ...ruleFamilies.activation,
  ...ruleFamilies.conv,
  ...ruleFamilies.elementwise,
  ...ruleFamilies.expanded,
  ...ruleFamilies.indexing,
  ...ruleFamilies.matmul,
  ...ruleFamilies.movement,
  ...ruleFamilies.norm,
  ...ruleFamilies.pool,
  ...ruleFamilies.reduce,
  ...ruleFamilies.resize,
  ...ruleFamilies.trigonometry,
};

/** Operators through which gradients flow. */
export type DifferentiableOp = keyof typeof differentiable;

export const differentiableOps = Object.keys(differentiable).toSorted() as readonly DifferentiableOp[];

/** The rule of each operator. An operator whose shapes we infer but that has no entry here does not compile. */
export const gradientRules: Readonly<Record<KnownOp | keyof typeof subgraphRules, GradientRule>> = {
  ...differentiable,
  ...subgraphRules,
  ...straightThroughRules,
  And: zeroGradient,
  ArgMax: zeroGradient,
  ArgMin: zeroGradient,
  Bernoulli: zeroGradient,
  BitShift: zeroGradient,
  Ceil: zeroGradient,
  Constant: zeroGradient,
  ConstantOfShape: zeroGradient,
  Equal: zeroGradient,
  EyeLike: zeroGradient,
  Floor: zeroGradient,
  Greater: zeroGradient,
  GreaterOrEqual: zeroGradient,
  Hardmax: zeroGradient,
  IsInf: zeroGradient,
  IsNaN: zeroGradient,
  Less: zeroGradient,
  LessOrEqual: zeroGradient,
  MaxRoiPool: notDifferentiable('it pools regions that are found at run time'),
  NonMaxSuppression: zeroGradient,
  NonZero: zeroGradient,
  Not: zeroGradient,
  OneHot: oneHot,
  Or: zeroGradient,
  RandomNormal: zeroGradient,
  RandomNormalLike: zeroGradient,
  RandomUniform: zeroGradient,
  RandomUniformLike: zeroGradient,
  Range: notDifferentiable('how many numbers it gives depends on its inputs'),
  Round: zeroGradient,
  Shape: zeroGradient,
  Sign: zeroGradient,
  Size: zeroGradient,
  Xor: zeroGradient,
};
