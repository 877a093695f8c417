/** @file Results as lines of text. */
import type { Layer } from 'ganscope/explain';

/** Layers as a table: index, name, operator and shape, with a `*` before those that are taken. */
export function layerLines(layers: readonly Layer[], taken: readonly Layer[]): string[] {
  const known = new Set(layers.map(({ value }) => value));
  const chosen = new Set(taken.map(({ value }) => value));
  return [...layers, ...taken.filter(({ value }) => !known.has(value))].map(
    ({ index, name, value, op, shape }) =>
      `${chosen.has(value) ? '*' : ' '} ${index ?? ''}\t${name}\t${op}\t[${shape.join(', ')}]`,
  );
}
