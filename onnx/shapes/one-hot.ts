/** @file The contents of OneHot, with which exporters count how often each axis is repeated (`repeat_interleave`). */
import { positiveAxis } from '../graph/dims.js';
import { inputOf, type Dim, type Node } from '../graph/graph.js';
import { numberAttribute } from '../graph/attributes.js';
import type { KnownValues } from './rule.js';

/** The rows of a list of indices, or of one; undefined for other tables, and where an input is not known. */
export function oneHotContents(node: Node, types: KnownValues): readonly Dim[] | undefined {
  const [indices, depths, values] = [0, 1, 2].map((at) => types.contents(inputOf(node, at)));
  const rank = types.shape(inputOf(node))?.length ?? 2;
  const [depth] = depths ?? [];
  const [off, on] = values ?? [];
  if (!indices || typeof depth !== 'number' || off === undefined || on === undefined || rank > 1) return undefined;
  if (positiveAxis(numberAttribute(node, 'axis', -1), rank + 1) !== rank) return undefined;
  if (!indices.every((index) => typeof index === 'number')) return undefined;
  return indices.flatMap((index) =>
    Array.from({ length: depth }, (_, at) => (at === positiveAxis(index, depth) ? on : off)),
  );
}
