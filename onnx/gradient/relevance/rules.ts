/** @file The rule of each operator in layer-wise relevance propagation, as multipliers c with the relevance x·c. */
import { gridSample } from '../../expand/sampling/grid-sample.js';
import { SUMS, WEIGHTED_SUMS } from '../operators.js';
import { expandedRules } from '../rules/expanded.js';
import { throughOthers, zeroGradient, type Backward, type GradientRule } from '../rules/rule.js';
import { gradientRules, type KnownOp } from '../table.js';
import { elementwiseRules } from './elementwise.js';
import { STABILIZER } from './composite.js';
import { boxRelevance, flatRelevance, layerGiven } from './layers.js';
import { isSum, linearLayerOf } from './linear-layer.js';
import { normalizationRules } from './normalizations.js';
import { ACTIVATIONS, CHOSEN, HOMOGENEOUS, MOVED } from './operators.js';
import { productRule } from './products.js';
import { isPart, keepConstants, refused, type Propagation } from './propagation.js';
import { preparingRule, type Region } from './region.js';

/**
 * Rules for `gradients` that make it layer-wise relevance propagation (Bach et al. 2015): the gradient of a value x is a multiplier c,
 * and x·c its relevance. Values of the region before the first layers have their relevance itself.
 */
export function relevanceRules(propagation: Propagation): Readonly<Record<string, GradientRule>> {
  const { region, kept } = propagation;
  const { plain, summed, added, activation, special } = elementwiseRules(propagation);
  const normalization =
    (op: keyof typeof normalizationRules): GradientRule =>
    (backward) => {
      keepConstants(propagation, op, backward);
      return normalizationRules[op](backward);
    };
  const own = {
    ...named(MOVED, plain),
    ...named(WEIGHTED_SUMS, summed),
    ...named(SUMS, added),
    ...named(CHOSEN, plain),
    ...named(HOMOGENEOUS, plain),
    ...named(ACTIVATIONS, activation),
    ...named(['InstanceNormalization', 'LayerNormalization'], normalization),
    ...special,
  };
  const ofRegion =
    (rule: GradientRule): GradientRule =>
    (backward) =>
      backward.node.outputs.some((name) => region.has(name))
        ? preparingRule(backward, (scalar) => kept.push(scalar))
        : asRelevance(backward, region, rule(backward));
  const layers = named(['Conv', 'ConvTranspose', 'Einsum', 'Gemm', 'MatMul'], (op) => layerRule(op, propagation));
  const handled = { ...mapped(own, ofRegion), ...layers, ...composed };
  const others = Object.entries(gradientRules).filter(([op, rule]) => !(op in handled) && rule !== zeroGradient);
  const refusal = (backward: Backward) => refused(backward, 'relevance has no unique way through it');
  return { ...Object.fromEntries(others.map(([op]) => [op, refusal])), ...handled };
}

/** What stands for elementary operators is walked by their rules. Where a picture is sampled is taken as it is. */
const composed: Readonly<Record<string, GradientRule>> = {
  ...expandedRules,
  GridSample: throughOthers(({ node, b }) => gridSample(node, b), [0]),
  If: gradientRules.If,
  Loop: gradientRules.Loop,
};

/** Multipliers of the values of the region times these. */
function asRelevance({ b, x }: Backward, region: Region, given: readonly (string | null)[]): (string | null)[] {
  return given.map((each, index) =>
    each !== null && region.has(x[index] as string) ? b.mul(x[index] as string, each, 'relevance') : each,
  );
}

/** Sums and moves of numbers that are written as layers share as other sums do. */
const SUM_RULE = { rule: 'epsilon', epsilon: STABILIZER } as const;

/** A convolution or matrix product: a layer if one factor is weights. */
function layerRule(
  op: 'Conv' | 'ConvTranspose' | 'Einsum' | 'Gemm' | 'MatMul',
  { flow, region, composite, kept }: Propagation,
): GradientRule {
  const isConvolution = op === 'Conv' || op === 'ConvTranspose';
  return (backward) => {
    const { x } = backward;
    const [isFirst, isSecond, ...others] = x.map((_, index) => isPart(backward, index, flow));
    if (others.includes(true) || (op === 'Einsum' && x.length !== 2))
      refused(backward, 'it is more than a product of two');
    if (isFirst && isSecond) {
      if (isConvolution) refused(backward, 'its weights depend on the picture');
      return asRelevance(backward, region, productRule(op, flow)(backward));
    }
    const data = isFirst ? 0 : 1;
    const layer = linearLayerOf(backward, data, flow);
    const given = (found: string) => x.map((_, index) => (index === data ? found : null));
    const readsPicture = region.has(layer.x);
    if (readsPicture && composite.first === 'flat') return given(flatRelevance(layer, region.pixelsOf(layer.x)));
    if (readsPicture && composite.first === 'box') return given(boxRelevance(layer, ...region.boundsOf(layer.x)));
    const learnt = isConvolution ? composite.convolution : composite.dense;
    const { towards, kept: taken } = layerGiven(layer, isSum(layer) ? SUM_RULE : learnt);
    if (taken) kept.push(taken);
    return asRelevance(backward, region, given(towards));
  };
}

const named = <Op extends KnownOp>(ops: readonly Op[], rule: (op: Op) => GradientRule): Record<string, GradientRule> =>
  Object.fromEntries(ops.map((op) => [op, rule(op)]));

const mapped = (rules: Readonly<Record<string, GradientRule>>, change: (rule: GradientRule) => GradientRule) =>
  Object.fromEntries(Object.entries(rules).map(([op, rule]) => [op, change(rule)]));
