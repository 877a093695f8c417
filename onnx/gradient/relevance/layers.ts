/** @file The rules of linear layers: which multiplier c of its input a layer has, so that x·c is the input's relevance. */
import type { GraphBuilder } from '../../build/build.js';
import { expandedLike } from '../rules/common.js';
import { STABILIZER, type LayerRule } from './composite.js';

/** A linear layer z = L(x, w) + b and the relevance R = z·c of its output. */
export interface LinearLayer {
  b: GraphBuilder;
  x: string;
  weights: string;
  /** Broadcastable to z. */
  bias?: string;
  z: string;
  /** R */
  relevance: string;
  /** Whether no number of x can be negative. */
  isNonNegative: boolean;
  /** L(x, w) for other numbers. */
  forward(x: string, weights: string): string;
  /** The sums Σ w·s over the outputs that an input is part of. */
  backward(weights: string, shares: string): string;
}

/** What a layer gives to its input, and what its bias keeps. */
export interface Given {
  /** The multiplier c, or the relevance itself for rules of the first layer. */
  towards: string;
  /** Σ of what the bias took, a scalar; missing where that is nothing. */
  kept?: string;
}

/** value + ε·sign value, with sign 0 = 1. */
export function stabilized(b: GraphBuilder, value: string, epsilon: number): string {
  const [zero, positive, negative] = [0, epsilon, -epsilon].map((number) => b.scalarLike(value, number));
  const isNegative = b.op('Less', [value, zero as string]);
  return b.add(value, b.op('Where', [isNegative, negative as string, positive as string]), 'stabilized');
}

/** The sum of all numbers, a scalar. */
export const sumOf = (b: GraphBuilder, value: string): string => b.op('ReduceSum', [value], { keepdims: 0 }, 'total');

/** max(value, 0) and min(value, 0) */
const positivePart = (b: GraphBuilder, value: string) => b.op('Relu', [value], {}, 'positive');
const negativePart = (b: GraphBuilder, value: string) => b.op('Min', [value, b.scalarLike(value, 0)], {}, 'negative');

/** s = R / (z + ε·sign z); c = Σ w·s */
function epsilonRule({ b, weights, bias, z, relevance, backward }: LinearLayer, epsilon: number): Given {
  const shares = b.div(relevance, stabilized(b, z, epsilon), 'shares');
  return { towards: backward(weights, shares), ...(bias && { kept: sumOf(b, b.mul(bias, shares)) }) };
}

/** One denominator of a rule that treats parts of different sign differently. */
interface Term {
  /** Weights of inputs ≥ 0, and of others. */
  ofPositive: string;
  ofNegative: string;
  bias?: string;
  /** The relevance that it shares. */
  relevance: string;
}

/** s_t = R_t / (Σ x⁺·w_t + Σ x⁻·v_t + b_t); c = Σ_t Σ w_t·s_t where x ≥ 0, Σ_t Σ v_t·s_t elsewhere. */
function signedRule({ b, x, isNonNegative, forward, backward }: LinearLayer, terms: readonly Term[]): Given {
  const given = terms.map(({ ofPositive, ofNegative, bias, relevance }) => {
    const parts = isNonNegative
      ? [forward(x, ofPositive)]
      : [forward(positivePart(b, x), ofPositive), forward(negativePart(b, x), ofNegative)];
    const sum = [...parts, ...(bias ? [bias] : [])].reduce((total, part) => b.add(total, part));
    const shares = b.div(relevance, stabilized(b, sum, STABILIZER), 'shares');
    return {
      positive: backward(ofPositive, shares),
      ...(!isNonNegative && { negative: backward(ofNegative, shares) }),
      ...(bias && { kept: sumOf(b, b.mul(bias, shares)) }),
    };
  });
  const total = (parts: readonly (string | undefined)[]) =>
    parts.reduce((sum, part) => (sum !== undefined && part !== undefined ? b.add(sum, part) : (sum ?? part)));
  const positive = total(given.map((each) => each.positive)) as string;
  const negative = total(given.map((each) => each.negative));
  const kept = total(given.map((each) => each.kept));
  const isNegative = () => b.op('Less', [x, b.scalarLike(x, 0)]);
  return {
    towards: negative === undefined ? positive : b.op('Where', [isNegative(), negative, positive]),
    ...(kept !== undefined && { kept }),
  };
}

/** Where z > 0 positive parts count (1 + γ)-fold, where z < 0 negative ones do. */
function gammaRule(layer: LinearLayer, gamma: number): Given {
  const { b, weights, bias, z, relevance } = layer;
  const raised = (value: string, part: typeof positivePart) =>
    b.add(value, b.mul(part(b, value), b.scalarLike(value, gamma)), 'raised');
  const [more, less] = [raised(weights, positivePart), raised(weights, negativePart)];
  const zero = b.scalarLike(z, 0);
  const where = (comparison: 'Greater' | 'Less') =>
    b.op('Where', [b.op(comparison, [z, zero]), relevance, b.scalarLike(relevance, 0)]);
  return signedRule(layer, [
    {
      ofPositive: more,
      ofNegative: less,
      relevance: where('Greater'),
      ...(bias && { bias: raised(bias, positivePart) }),
    },
    { ofPositive: less, ofNegative: more, relevance: where('Less'), ...(bias && { bias: raised(bias, negativePart) }) },
  ]);
}

function alphaBetaRule(layer: LinearLayer, alpha: number, beta: number): Given {
  const { b, weights, bias, relevance } = layer;
  const [plus, minus] = [positivePart(b, weights), negativePart(b, weights)];
  const times = (share: number) => (share === 1 ? relevance : b.mul(relevance, b.scalarLike(relevance, share)));
  const positive = { ofPositive: plus, ofNegative: minus, relevance: times(alpha) };
  const negative = { ofPositive: minus, ofNegative: plus, relevance: times(-beta) };
  return signedRule(layer, [
    { ...positive, ...(bias && { bias: positivePart(b, bias) }) },
    ...(beta === 0 ? [] : [{ ...negative, ...(bias && { bias: negativePart(b, bias) }) }]),
  ]);
}

/** The multiplier of a layer's input by a rule. */
export function layerGiven(layer: LinearLayer, rule: LayerRule): Given {
  if (rule.rule === 'epsilon') return epsilonRule(layer, rule.epsilon);
  return rule.rule === 'gamma' ? gammaRule(layer, rule.gamma) : alphaBetaRule(layer, rule.alpha, rule.beta);
}

/**
 * The relevance of a picture that each output of the layer shares equally among the pixels that it reads.
 * @param pixels 1 for each pixel, 0 for padding
 */
export function flatRelevance({ b, weights, relevance, forward, backward }: LinearLayer, pixels: string): string {
  const ones = expandedLike(b, b.scalarLike(weights, 1), weights);
  const shares = b.div(relevance, stabilized(b, forward(pixels, ones), STABILIZER), 'shares');
  return b.mul(pixels, backward(ones, shares));
}

/** R_x = x·Σ w·s − l·Σ w⁺·s − h·Σ w⁻·s, s = R / (Σ x·w − l·w⁺ − h·w⁻). The bias is in none of the sums. */
export function boxRelevance(layer: LinearLayer, low: string, high: string): string {
  const { b, x, weights, relevance, forward, backward } = layer;
  const parts = [
    [x, weights],
    [low, positivePart(b, weights)],
    [high, negativePart(b, weights)],
  ] as const;
  const difference = ([first, second, third]: readonly string[]) =>
    b.sub(b.sub(first as string, second as string), third as string);
  const sum = difference(parts.map(([value, of]) => forward(value, of)));
  const shares = b.div(relevance, stabilized(b, sum, STABILIZER), 'shares');
  return difference(parts.map(([value, of]) => b.mul(value, backward(of, shares))));
}
