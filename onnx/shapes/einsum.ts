/** @file Einsum: its equation, and the shape that it gives. */
import { stringAttribute } from '../graph/attributes.js';
import { InputError } from '../errors.js';
import { nodeLabel, type Dim, type Node, type Shape } from '../graph/graph.js';
import { limitOf } from '../graph/limits.js';
import { broadcastShape, shaped, type ShapeRule } from './rule.js';

/** The labels of the axes of each input and of the output. A dot means an ellipsis. */
export interface Equation {
  inputs: readonly string[];
  output: string;
}

/** @throws InputError unless the equation has labels for as many inputs as the node */
export function equationOf(node: Node): Equation {
  const equation = stringAttribute(node, 'equation', '');
  const [left = '', right] = equation.replaceAll(' ', '').replaceAll('...', '.').split('->');
  const inputs = left.split(',');
  const terms = [...inputs, ...(right === undefined ? [] : [right])];
  if (inputs.length !== node.inputs.length || !terms.every(isTerm)) {
    throw new InputError({
      name: `${nodeLabel(node)}: equation`,
      expected: `labels for ${node.inputs.length} inputs`,
      got: `"${equation}"`,
    });
  }
  return { inputs, output: right ?? implicitOutput(left) };
}

/** Letters with at most one ellipsis among them, not more than a tensor has axes. */
function isTerm(labels: string): boolean {
  return labels.length <= limitOf('rank') && /^[A-Za-z]*\.?[A-Za-z]*$/.test(labels);
}

/** Without an arrow: the ellipsis, then every label that occurs once, in alphabetical order. */
function implicitOutput(left: string): string {
  const once = [...left].filter((label) => /[A-Za-z]/.test(label) && left.split(label).length === 2);
  return `${left.includes('.') ? '.' : ''}${once.toSorted().join('')}`;
}

/** The sizes of an input by label, and the sizes that its ellipsis covers. */
export function labelledSizes(node: Node, labels: string, shape: Shape): { sizes: Map<string, Dim>; under: Shape } {
  const named = labels.replace('.', '').length;
  const dots = labels.includes('.') ? shape.length - named : 0;
  if (dots < 0 || named + dots !== shape.length) {
    throw new InputError(`${nodeLabel(node)}: labels "${labels}" do not fit [${shape.join()}]`);
  }
  const at = labels.includes('.') ? labels.indexOf('.') : shape.length;
  const rest = shape.toSpliced(at, dots);
  const sizes = new Map([...labels.replace('.', '')].map((label, axis) => [label, rest[axis] as Dim]));
  return { sizes, under: shape.slice(at, at + dots) };
}

export const einsum: ShapeRule = (node, types) => {
  const { inputs, output } = equationOf(node);
  const shapes = node.inputs.map((name) => types.shape(name));
  if (shapes.includes(undefined)) return shaped(node, types, undefined);
  const parts = inputs.map((labels, index) => labelledSizes(node, labels, shapes[index] as Shape));
  const under = broadcastShape(
    parts.map((part) => part.under),
    nodeLabel(node),
  );
  const sizeOf = (label: string): Dim => {
    const found = parts.flatMap(({ sizes }) => (sizes.has(label) ? [[sizes.get(label) as Dim]] : []));
    return broadcastShape(found, nodeLabel(node))[0] ?? 1;
  };
  return shaped(
    node,
    types,
    [...output].flatMap((label) => (label === '.' ? under : sizeOf(label))),
  );
};
