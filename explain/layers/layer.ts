/** @file A layer that class activation maps can be made of, and how its activations lie on a grid. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import type { Shape } from '../../onnx/graph/graph.js';

/** A node's output that class activation maps can be made of. */
export interface Layer {
  /** Position among the network's convolutions; missing for nodes of another kind. */
  index?: number;
  /** The node's name, or its output's where it has none. */
  name: string;
  /** Name of the output. */
  value: string;
  op: string;
  /** [batch, channels, height, width], [batch, height, width, channels], [batch, tokens, channels] or [batch, channels, tokens]. */
  shape: Shape;
  /** The channels' axis, where it is not the second. */
  channelAxis?: number;
  /** Where the output is tokens: their grid, and how many before it (such as a class token) are left out; those after it are, too. */
  tokens?: { leading: number; height: number; width: number };
}

/** The rows of a value that come from rows of the picture: all, or those of an axis from a place to another. */
export type Rows = 'all' | { axis: number; from: number; to: number };

/** What tells the grid of token layers. */
export interface TokenGrid {
  /** Size of the network's input. */
  picture: { height: number; width: number };
  /** The grid, where it cannot be told from the number of tokens. */
  tokens?: { height: number; width: number };
  /** The explained value, to which a default layer has to lead. */
  logits?: string;
}

/** Tokens before the grid: a class token and registers. */
export const MAX_LEADING = 8;

/** Axis of a layer's tokens. */
export function tokenAxis({ channelAxis = 1 }: Layer): number {
  return channelAxis === 1 ? 2 : 1;
}

/** Whether some of a layer's tokens, such as a class token, have no place on the grid. */
export function leavesTokensOut(layer: Layer): boolean {
  const { tokens, shape } = layer;
  return tokens !== undefined && shape[tokenAxis(layer)] !== tokens.height * tokens.width;
}

/** Height and width of a layer's output, or its number of tokens. Symbolic sizes count as larger than 1. */
export function isSpatial({ shape, channelAxis = 1 }: Layer): boolean {
  return shape.length === 4 && shape.some((size, axis) => axis > 0 && axis !== channelAxis && size !== 1);
}

/**
 * How tokens lie on a grid: as stated, or as patches of equal sides that tile the picture, with no token, one (a class
 * token) or more up to `MAX_LEADING` (registers) before them; undefined where neither is so.
 */
export function tokenGrid(layer: Layer, { picture, tokens }: TokenGrid, rows: Rows = 'all'): Layer['tokens'] {
  const count = layer.shape[tokenAxis(layer)];
  if (typeof count !== 'number') return undefined;
  if (tokens) {
    const leading = count - tokens.height * tokens.width;
    return leading >= 0 ? { leading, ...tokens } : undefined;
  }
  if (rows !== 'all' && rows.axis === tokenAxis(layer)) {
    const own = gridOf(rows.to - rows.from, picture);
    if (own) return { leading: rows.from, ...own };
  }
  // One token has no position: it is a class token, or what attention has pooled.
  for (let leading = 0; leading <= MAX_LEADING && leading < count - 1; leading++) {
    const own = gridOf(count - leading, picture);
    if (own) return { leading, ...own };
  }
  return undefined;
}

/** Height and width of so many patches of equal sides that tile the picture. */
function gridOf(count: number, picture: TokenGrid['picture']): { height: number; width: number } | undefined {
  const side = Math.sqrt((picture.height * picture.width) / count);
  const [height, width] = [picture.height / side, picture.width / side].map(Math.round) as [number, number];
  const tiles = height * width === count && height > 0 && width > 0;
  return tiles && Math.abs(picture.height / height - picture.width / width) < 1 ? { height, width } : undefined;
}

/** A layer's output, or the gradient of it, as [batch, channels, height, width]. */
export function onGrid(b: GraphBuilder, layer: Layer, value: string): string {
  const { tokens, shape, channelAxis = 1 } = layer;
  if (!tokens) return channelAxis === 1 ? value : b.transpose(value, [0, 3, 1, 2], 'channels_first');
  const axis = tokenAxis(layer);
  const [batch = 'batch', count = 0, channels = 0] = axis === 1 ? shape : [shape[0], shape[2], shape[1]];
  const { leading, height, width } = tokens;
  const end = leading + height * width;
  const kept =
    leading === 0 && end === count
      ? value
      : b.op('Slice', [value, b.ints([leading]), b.ints([end]), b.ints([axis])], {}, 'grid_tokens');
  const ordered = axis === 1 ? b.transpose(kept, [0, 2, 1]) : kept;
  return b.reshape(ordered, [batch, channels, height, width], 'grid');
}
