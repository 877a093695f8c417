/** @file Transformers with learned position embeddings: the picture size must give as many tokens as the table has rows. */
import { InputError } from '../../onnx/errors.js';
import { nodeLabel, type Model, type Node } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { descendants } from '../graphs/links.js';
import type { NetworkInput } from './network-input.js';

/**
 * Checks that every addition of a constant table fits the chosen size.
 * @param model whose picture size is fixed
 * @throws InputError naming the table and a size that fits
 */
export function checkedPositions(model: Model, input: NetworkInput, stated: boolean): void {
  const types = Types.of({ ...model.graph, nodes: [] });
  const dependent = descendants(model.graph, input.name);
  for (const node of model.graph.nodes) {
    // Tables that are added to places, as of a detector's anchors, say nothing about the picture.
    const ofPicture = node.op === 'Add' && node.domain === '' && node.inputs.some((name) => dependent.has(name));
    const misfit = ofPicture ? misfitOf(node, types) : undefined;
    if (misfit) throw wrongSize(node, misfit, input, stated);
    types.addNode(node, model.graph.valueInfo);
  }
}

interface Misfit {
  /** Rows of the table, and tokens of the picture. */
  table: string;
  rows: number;
  tokens: number;
}

/** A constant [1, T, C] that is added to [N, T', C]. */
function misfitOf({ inputs: [a = '', b = ''] }: Node, types: Types): Misfit | undefined {
  const [value, table] = types.constant(a) ? [b, a] : [a, b];
  const [tokens, rows] = [types.shape(value), types.shape(table)];
  if (!types.constant(table) || tokens?.length !== 3 || !rows || rows.length < 2) return undefined;
  const [T, wanted] = [tokens[1], rows.at(-2)];
  if (typeof T !== 'number' || typeof wanted !== 'number' || T === wanted || wanted === 1) return undefined;
  return tokens[2] === rows.at(-1) ? { table, rows: wanted, tokens: T } : undefined;
}

function wrongSize(node: Node, { table, rows, tokens }: Misfit, input: NetworkInput, stated: boolean): InputError {
  const { height, width } = input.picture;
  const hint = sizeFor(rows, tokens, height * width);
  return new InputError({
    name: 'size',
    expected: `a size that gives ${rows} tokens, as the position table "${table}" at ${nodeLabel(node)} has${hint}`,
    got: `${height}x${width}${stated ? '' : ', the default'}, which gives ${tokens}`,
  });
}

/** The side of a square picture whose patches and extra tokens together match the rows of the table. */
function sizeFor(rows: number, tokens: number, pixels: number): string {
  for (let further = 0; further <= 8; further++) {
    const patch = Math.sqrt(pixels / (tokens - further));
    const side = Math.sqrt(rows - further) * patch;
    if (Number.isInteger(patch) && Number.isInteger(side)) return `, such as ${side}`;
  }
  return '';
}
