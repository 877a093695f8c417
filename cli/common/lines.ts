/** @file Results as lines of text. */
import type { Evaluation, Layer } from 'ganscope/explain';
import { assumptionLine, type Assumption } from 'ganscope/inference';

/** Layers as a table: index, name, operator and shape, with a `*` before those that are taken. */
export function layerLines(layers: readonly Layer[], taken: readonly Layer[]): string[] {
  const known = new Set(layers.map(({ value }) => value));
  const chosen = new Set(taken.map(({ value }) => value));
  return [...layers, ...taken.filter(({ value }) => !known.has(value))].map(
    ({ index, name, value, op, shape }) =>
      `${chosen.has(value) ? '*' : ' '} ${index ?? ''}\t${name}\t${op}\t[${shape.join(', ')}]`,
  );
}

/** Parameters of the library whose flags have another name. */
const flags: Readonly<Record<string, string>> = { layers: 'layer' };

/** What was assumed, a line each, with the flags that change it. */
export function assumptionLines(assumptions: readonly Assumption[]): string[] {
  const flag = (parameter: string) =>
    `--${(flags[parameter] ?? parameter).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return assumptions.map((assumption) => assumptionLine(assumption, flag));
}

/** What metrics took for the probability of the target and for the colour of removed pixels, where that is to be told. */
export function evaluationLines({ confidence, removed }: Pick<Evaluation, 'confidence' | 'removed'>): string[] {
  return [
    ...(confidence ? [`Probability of the target: ${confidence.join(' or ')}, as the network has none`] : []),
    ...(removed ? [`Removed pixels: colour ${removed.join(', ')} of 255, which is 0 in the network's numbers`] : []),
  ];
}
