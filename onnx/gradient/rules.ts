/** @file The gradient rule of every operator of the dialect. */
import type { shapeRules } from '../shapes.js';
import { convRules } from './conv.js';
import { elementwiseRules } from './elementwise.js';
import { matmulRules } from './matmul.js';
import { movementRules } from './movement.js';
import { normRules } from './norm.js';
import { poolRules } from './pool.js';
import { reduceRules } from './reduce.js';
import { notDifferentiable, zeroGradient, type GradientRule } from './rule.js';

/** Every operator that we know, differentiable or not. */
export type KnownOp = keyof typeof shapeRules;

const differentiable = {
  ...convRules,
  ...elementwiseRules,
  ...matmulRules,
  ...movementRules,
  ...normRules,
  ...poolRules,
  ...reduceRules,
};

/** Operators through which gradients flow. */
export type DifferentiableOp = keyof typeof differentiable;

export const differentiableOps = Object.keys(differentiable).toSorted() as readonly DifferentiableOp[];

/** The rule of each operator. An operator whose shapes we infer but that has no entry here does not compile. */
export const gradientRules: Readonly<Record<KnownOp, GradientRule>> = {
  ...differentiable,
  And: zeroGradient,
  ArgMax: zeroGradient,
  ArgMin: zeroGradient,
  Constant: zeroGradient,
  ConstantOfShape: zeroGradient,
  Equal: zeroGradient,
  Greater: zeroGradient,
  GreaterOrEqual: zeroGradient,
  LRN: notDifferentiable('local response normalization has no rule yet'),
  Less: zeroGradient,
  LessOrEqual: zeroGradient,
  Not: zeroGradient,
  Or: zeroGradient,
  ScatterElements: notDifferentiable('it has no rule yet'),
  Shape: zeroGradient,
  Sign: zeroGradient,
};
