/**
 * @file DeepLIFT: gradients become multipliers Δout/Δin between a picture and a baseline, so that what the inputs contribute adds up
 * to the difference of the scores (Shrikumar et al. 2017, the rescale rule of section 3.5.1).
 */
import { InputError } from '../../errors.js';
import { numberAttribute } from '../../graph/attributes.js';
import { nodeLabel } from '../../graph/graph.js';
import { gradientRules } from '../table.js';
import { expandedRules } from '../rules/expanded.js';
import { countAlong, isFloat } from '../rules/common.js';
import { zeroGradient, type Backward, type GradientRule } from '../rules/rule.js';
import type { Twin } from './twin.js';

/** Differences below this are taken as none: the gradient stands for the quotient. */
const SMALLEST = 1e-6;

/** Functions of each number alone; exponents, slopes and bounds are constants. */
const ELEMENTWISE = [
  'Abs',
  'Celu',
  'Clip',
  'Cos',
  'Elu',
  'Erf',
  'Exp',
  'Gelu',
  'HardSigmoid',
  'HardSwish',
  'LeakyRelu',
  'Log',
  'Mish',
  'PRelu',
  'Pow',
  'Reciprocal',
  'Relu',
  'Selu',
  'Shrink',
  'Sigmoid',
  'Sin',
  'Softplus',
  'Softsign',
  'Sqrt',
  'Tanh',
  'ThresholdedRelu',
];
/** Linear in the first input; the others, such as weights, are constants. */
const LINEAR = [
  'AveragePool',
  'BatchNormalization',
  'Cast',
  'Conv',
  'ConvTranspose',
  'CumSum',
  'DepthToSpace',
  'Dropout',
  'Expand',
  'Flatten',
  'Gather',
  'GatherElements',
  'GatherND',
  'GlobalAveragePool',
  'Identity',
  'Neg',
  'Pad',
  'ReduceMean',
  'ReduceSum',
  'Reshape',
  'Resize',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Trilu',
  'Unsqueeze',
];
/** Linear in all inputs together. */
const SUMS = ['Add', 'Concat', 'Mean', 'Sub', 'Sum'];
/** The largest or smallest of numbers. */
const EXTREMES = ['GlobalMaxPool', 'Max', 'MaxPool', 'Min', 'ReduceMax', 'ReduceMin'];

const ruleOf = (op: string): GradientRule => (gradientRules as Record<string, GradientRule>)[op] ?? zeroGradient;

/** Sizes and indices are no numbers of the picture. @throws InputError where more than the first input depends on it */
function expectOneInput(backward: Backward): void {
  const { b, x, wanted } = backward;
  const isPart = (value: string, index: number) =>
    index > 0 && value !== '' && wanted(index) && isFloat(b.types.get(value)?.type);
  if (x.some(isPart)) refused(backward, 'more than its first input depends on the picture');
}

function refused({ node }: Backward, because: string): never {
  throw new InputError(`${nodeLabel(node)}: DeepLIFT has no rule for it (${because})`);
}

/**
 * Rules for `gradients` that make it DeepLIFT. Products, quotients and matrix products of values that both depend on the picture give
 * each factor the mean of the other one, as in Shapley values; the largest of several gives to where it is in the picture and to where
 * it is in the baseline, as captum does. Softmax and LayerNormalization count as the elementary steps they are made of.
 * @param twin the network for the baseline
 */
export function deepLiftRules(twin: Twin): Readonly<Record<string, GradientRule>> {
  const { b } = twin;
  const change = (value: string) => b.sub(value, twin.of(value), 'change');
  const middle = (value: string) => b.mul(b.add(value, twin.of(value)), b.scalarLike(value, 0.5), 'middle');
  /** Contributions as a multiplier of x: divided by Δx, or `otherwise` where that is nearly 0. */
  const perChange = (contribution: string, x: string, otherwise: string) => {
    const own = change(x);
    const isChange = b.op('Greater', [b.op('Abs', [own]), b.scalarLike(own, SMALLEST)]);
    const quotient = b.div(contribution, b.op('Where', [isChange, own, b.scalarLike(own, 1)]));
    return b.op('Where', [isChange, quotient, otherwise], {}, 'multiplier');
  };
  /** Δy/Δx of a function of each number. */
  const slope = (x: string, y: string, g: string, gradient: string) => perChange(b.mul(g, change(y)), x, gradient);

  const elementwise =
    (op: string): GradientRule =>
    (backward) => {
      expectOneInput(backward);
      const { x, y, g } = backward;
      const [gradient] = ruleOf(op)(backward);
      return x.map((value, index) => (index === 0 && gradient ? slope(value, y[0], g, gradient) : null));
    };
  const linear =
    (op: string): GradientRule =>
    (backward) => {
      expectOneInput(backward);
      return ruleOf(op)(backward);
    };
  /** y = f(u, v), linear in each: the rule's gradient towards one, with the mean of the other. */
  const bilinear =
    (op: string): GradientRule =>
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
    (op: string): GradientRule =>
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
  const softmax: GradientRule = ({ node, x, g, shape }) => {
    const axes = [numberAttribute(node, 'axis', -1)];
    const rank = shape(x[0]).length;
    const along = (value: string) =>
      b.reduceSum(
        value,
        axes.map((axis) => (axis < 0 ? axis + rank : axis)),
        true,
      );
    const largest = (value: string) => b.op('ReduceMax', [value], { axes, keepdims: 1 });
    // One shift for both, which changes nothing and keeps exponentials finite.
    const shift = b.op('Max', [largest(x[0]), largest(twin.of(x[0]))]);
    const [e, e0] = [x[0], twin.of(x[0])].map((value) => b.op('Exp', [b.sub(value, shift)])) as [string, string];
    const [w, w0] = [e, e0].map((value) => b.op('Reciprocal', [along(value)])) as [string, string];
    const half = b.scalarLike(g, 0.5);
    const ofSum = b.op('Neg', [b.mul(along(b.mul(g, b.mul(b.add(e, e0), half))), b.mul(w, w0))]);
    const ofExp = b.add(b.mul(g, b.mul(b.add(w, w0), half)), ofSum);
    return [perChange(b.mul(ofExp, b.sub(e, e0)), x[0], b.mul(ofExp, e))];
  };
  /** (x − mean)·r·scale + bias with r = 1/√(variance + ε), mean and variance along axes. */
  const normalization = (backward: Backward, axes: readonly number[], scale: string, epsilon: number): string => {
    expectOneInput(backward);
    const { x, g } = backward;
    const [value] = x;
    const mean = (of: string) => b.reduceMean(of, axes);
    const parts = (of: string) => {
      const centred = b.sub(of, mean(of));
      const root = b.op('Sqrt', [b.add(mean(b.mul(centred, centred)), b.scalarLike(of, epsilon))]);
      return { centred, root, inverse: b.op('Reciprocal', [root]) };
    };
    const [own, other] = [parts(value), parts(twin.of(value))];
    const between = (a: string, c: string) => b.mul(b.add(a, c), b.scalarLike(g, 0.5));
    const scaled = b.mul(g, scale);
    const ofInverse = b.reduceSum(b.mul(scaled, between(own.centred, other.centred)), axes);
    // Δr / Δvariance = −r·r′ / (√variance + √variance′), without a division by a difference.
    const roots = b.add(own.root, other.root);
    const ofVariance = b.op('Neg', [b.div(b.mul(ofInverse, b.mul(own.inverse, other.inverse)), roots)]);
    const ofSquares = b.div(b.mul(ofVariance, b.add(own.centred, other.centred)), countAlong(b, value, axes));
    const ofCentred = b.add(b.mul(scaled, between(own.inverse, other.inverse)), ofSquares);
    return b.sub(ofCentred, mean(ofCentred));
  };
  const layerNorm: GradientRule = (backward) => {
    const { node, x, shape } = backward;
    const rank = shape(x[0]).length;
    const first = numberAttribute(node, 'axis', -1);
    const from = first < 0 ? first + rank : first;
    const axes = Array.from({ length: rank - from }, (_, i) => from + i);
    const epsilon = numberAttribute(node, 'epsilon', 1e-5);
    return [normalization(backward, axes, x[1] as string, epsilon), ...x.slice(1).map(() => null)];
  };
  const instanceNorm: GradientRule = (backward) => {
    const { node, x, shape } = backward;
    const axes = [...shape(x[0]).keys()].slice(2);
    const scale = b.op('Reshape', [x[1] as string, b.ints([-1, ...axes.map(() => 1)])]);
    return [normalization(backward, axes, scale, numberAttribute(node, 'epsilon', 1e-5)), null, null];
  };

  const own: Record<string, GradientRule> = {
    ...named(ELEMENTWISE, elementwise),
    ...named(LINEAR, linear),
    // What stands for elementary operators is walked by these rules.
    ...named([...SUMS, ...Object.keys(expandedRules)], ruleOf),
    ...named(EXTREMES, extreme),
    ...named(['MatMul', 'Mul'], bilinear),
    // The bias is added; the two factors are never both of the picture in networks.
    Gemm: (backward) =>
      backward.wanted(0) && backward.wanted(1)
        ? refused(backward, 'both factors depend on the picture')
        : ruleOf('Gemm')(backward),
    Div: quotient,
    Softmax: softmax,
    LayerNormalization: layerNorm,
    InstanceNormalization: instanceNorm,
    Where: (backward) =>
      backward.wanted(0) ? refused(backward, 'its condition depends on the picture') : ruleOf('Where')(backward),
  };
  const rest = Object.entries(gradientRules).filter(([op, rule]) => !(op in own) && rule !== zeroGradient);
  const refusals = rest.map(([op]) => [op, (backward: Backward) => refused(backward, 'it is not linear')] as const);
  return { ...Object.fromEntries(refusals), ...own };
}

/** Of the operators that have a gradient. */
const named = (ops: readonly string[], rule: (op: string) => GradientRule): Record<string, GradientRule> =>
  Object.fromEntries(ops.filter((op) => op in gradientRules).map((op) => [op, rule(op)]));
