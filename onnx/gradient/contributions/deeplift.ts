/**
 * @file DeepLIFT: gradients become multipliers Δout/Δin between a picture and a baseline, so that what the inputs contribute adds up
 * to the difference of the scores (Shrikumar et al. 2017, the rescale rule of section 3.5.1).
 */
import { EXTREMES, SUMS } from '../operators.js';
import { gradientRules } from '../table.js';
import { expandedRules } from '../rules/expanded.js';
import { zeroGradient, type Backward, type GradientRule } from '../rules/rule.js';
import { changesFrom, expectOneInput, refused } from './changes.js';
import { normalizedRules } from './normalized.js';
import { ELEMENTWISE, LINEAR } from './operators.js';
import type { Twin } from './twin.js';

type Op = keyof typeof gradientRules;

const ruleOf = (op: Op): GradientRule => gradientRules[op];

/**
 * Rules for `gradients` that make it DeepLIFT. Products, quotients and matrix products of values that both depend on the picture give
 * each factor the mean of the other one, as in Shapley values; the largest of several gives to where it is in the picture and to where
 * it is in the baseline, as captum does. LayerNormalization counts as the elementary steps it is made of, Softmax as y = e^(ln y) in
 * which ln y is the logits less one number.
 * @param twin the network for the baseline
 */
export function deepLiftRules(twin: Twin): Readonly<Record<string, GradientRule>> {
  const changes = changesFrom(twin);
  const { b, change, middle, perChange } = changes;
  /** Δy/Δx of a function of each number. */
  const slope = (x: string, y: string, g: string, gradient: string) => perChange(b.mul(g, change(y)), x, gradient);

  const elementwise =
    (op: Op): GradientRule =>
    (backward) => {
      expectOneInput(backward);
      const { x, y, g } = backward;
      const [gradient] = ruleOf(op)(backward);
      return x.map((value, index) => (index === 0 && gradient ? slope(value, y[0], g, gradient) : null));
    };
  const linear =
    (op: Op): GradientRule =>
    (backward) => {
      expectOneInput(backward);
      return ruleOf(op)(backward);
    };
  /** y = f(u, v), linear in each: the rule's gradient towards one, with the mean of the other. */
  const bilinear =
    (op: Op): GradientRule =>
    (backward) => {
      const { x, wanted } = backward;
      if (!(wanted(0) && wanted(1))) return ruleOf(op)(backward);
      return ruleOf(op)({ ...backward, x: [middle(x[0]), middle(x[1] as string), ...x.slice(2)] });
    };
  const quotient: GradientRule = (backward) => {
    const { x, g, wanted } = backward;
    const [u, v] = x as [string, string];
    if (!wanted(1)) return ruleOf('Div')(backward);
    const inverse = b.op('Reciprocal', [v]);
    const ofInverse = b.mul(g, wanted(0) ? middle(u) : u);
    // Δ(1/v) = −Δv / (v·v′)
    const towards = b.op('Neg', [b.mul(ofInverse, b.mul(inverse, twin.of(inverse)))]);
    return [wanted(0) ? b.mul(g, middle(inverse)) : null, towards];
  };
  const extreme =
    (op: Op): GradientRule =>
    (backward) => {
      const { x, y, g, wanted } = backward;
      const [value, before] = [y[0], twin.of(y[0])];
      const larger = b.op('Max', [value, before]);
      const given = (part: string, of: Pick<Backward, 'x' | 'y'>) =>
        ruleOf(op)({ ...backward, ...of, g: part, dy: [part] });
      const own = given(b.mul(g, b.sub(larger, before)), { x, y });
      const twins = { x: x.map((each) => twin.of(each)), y: y.map((each) => twin.of(each)) } as unknown as Pick<
        Backward,
        'x' | 'y'
      >;
      const others = given(b.mul(g, b.sub(value, larger)), twins);
      const gradients = ruleOf(op)(backward);
      return x.map((name, index) => {
        const [a, c, gradient] = [own[index], others[index], gradients[index]];
        return wanted(index) && a && c && gradient ? perChange(b.add(a, c), name, gradient) : null;
      });
    };
  const own: Record<string, GradientRule> = {
    ...named(ELEMENTWISE, elementwise),
    ...named(LINEAR, linear),
    // What stands for elementary operators is walked by these rules.
    ...named([...SUMS, 'Concat'], ruleOf),
    ...expandedRules,
    ...named(EXTREMES, extreme),
    ...named(['MatMul', 'Mul'], bilinear),
    // The bias is added; the two factors are never both of the picture in networks.
    Gemm: (backward) =>
      backward.wanted(0) && backward.wanted(1)
        ? refused(backward, 'both factors depend on the picture')
        : ruleOf('Gemm')(backward),
    Div: quotient,
    ...normalizedRules(changes),
    Where: (backward) =>
      backward.wanted(0) ? refused(backward, 'its condition depends on the picture') : ruleOf('Where')(backward),
  };
  const rest = Object.entries(gradientRules).filter(([op, rule]) => !(op in own) && rule !== zeroGradient);
  const refusals = rest.map(([op]) => [op, (backward: Backward) => refused(backward, 'it is not linear')] as const);
  return { ...Object.fromEntries(refusals), ...own };
}

const named = (ops: readonly Op[], rule: (op: Op) => GradientRule): Record<string, GradientRule> =>
  Object.fromEntries(ops.map((op) => [op, rule(op)]));
