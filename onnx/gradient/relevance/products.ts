/** @file Products of two values that both depend on the picture. */
import { inputOf, type Node } from '../../graph/graph.js';
import type { Backward, GradientRule } from '../rules/rule.js';
import { gradientRules, type KnownOp } from '../table.js';
import type { Flow } from './flow.js';
import { MOVED } from './operators.js';

/** Functions whose results weigh others: gates, attention, reciprocals of a standard deviation. */
const GATES: ReadonlySet<string> = new Set<KnownOp>(['HardSigmoid', 'Reciprocal', 'Sigmoid', 'Softmax']);
const moved: ReadonlySet<string> = new Set<string>(MOVED);

/** Whether a value is a gate, perhaps moved or multiplied with constants. */
function isGate(value: string, flow: Flow): boolean {
  let node: Node | undefined = flow.producer(value);
  while (node && !GATES.has(node.op)) {
    const [first = '', ...others] = node.inputs.filter((name) => flow.depends(name));
    const isScaled = (node.op === 'Mul' || node.op === 'Div') && inputOf(node) === first;
    node = others.length === 0 && (isScaled || moved.has(node.op)) ? flow.producer(first) : undefined;
  }
  return node !== undefined;
}

/** Which of two factors is the gate: the one that is computed from the other, or the only one that is a gate by its operator. */
function gateOf(factors: readonly [string, string], flow: Flow): 0 | 1 | undefined {
  const [u, v] = factors;
  if (u === v) return undefined;
  const [isUFromV, isVFromU] = [flow.isFrom(u, v), flow.isFrom(v, u)];
  if (isUFromV !== isVFromU) return isUFromV ? 0 : 1;
  const [isU, isV] = factors.map((factor) => isGate(factor, flow));
  if (isU === isV) return undefined;
  return isU ? 0 : 1;
}

/**
 * y = u·v: a gate counts as a constant, so that the other factor gets all (Arras et al. 2017 for LSTMs; Ali et al. 2022, eq. 10, for
 * attention). Where neither is a gate, each gets half (Achtibat et al. 2024, AttnLRP, proposition 3.3).
 */
export function productRule(op: 'Einsum' | 'Gemm' | 'MatMul' | 'Mul', flow: Flow): GradientRule {
  return (backward) => {
    const { b, x, g } = backward;
    const gate = gateOf([x[0], x[1] as string], flow);
    const share = gate === undefined ? b.mul(g, b.scalarLike(g, 0.5), 'half') : g;
    const given = gradientRules[op]({ ...backward, g: share, dy: [share], wanted: wantedBut(backward, gate) });
    return given.map((each, index) => (index === gate ? null : each));
  };
}

const wantedBut =
  ({ wanted }: Backward, gate: number | undefined) =>
  (index: number) =>
    index !== gate && wanted(index);
