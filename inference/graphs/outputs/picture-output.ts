/** @file Tells outputs that are pictures, such as those of super-resolution, from scores of classes. */
import type { KnownGraph } from '../scores-behind.js';

/** Height and width. */
interface Size {
  height: number;
  width: number;
}

/** Operators that only move values. */
const moving = new Set('Identity Reshape Squeeze Unsqueeze Cast Transpose Slice Pad Split Concat'.split(' '));
/** Operators that scale and shift by constants. */
const scaling = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** Whether an output of three channels stands at the picture's size or a multiple of it, as pictures do. */
export function hasPictureSize(channels: number, grid: Size, picture: Size | undefined): boolean {
  if (!picture || channels !== 3 || grid.height < 2) return false;
  return grid.height % picture.height === 0 && grid.height * picture.width === grid.width * picture.height;
}

/** Why an output of that size is surely a picture, or undefined where it may hold scores of three classes as well. */
export function pictureEvidence(graph: KnownGraph, output: string, input: string, grid: Size, picture: Size) {
  const times = grid.height / picture.height;
  return times > 1 ? `it is ${times} times as large as the input` : evidenceOfEnd(graph, output, input);
}

function evidenceOfEnd({ producers, types }: KnownGraph, output: string, input: string): string | undefined {
  let scaled = false;
  for (let value = output; ;) {
    const node = producers.get(value);
    if (!node || node.domain !== '') return undefined;
    const [first = '', second = '', third = ''] = node.inputs;
    if (node.op === 'Tanh') return 'it ends with Tanh';
    if (node.op === 'Sigmoid') return scaled ? 'it ends with Sigmoid and a scale' : undefined;
    const bounds = [second, third].map((name) => types.constant(name)?.data[0]);
    if (node.op === 'Clip' && isRange(bounds)) return `it is cut to ${bounds.join('…')}`;
    if (scaling.has(node.op)) {
      const open = [first, second].filter((name) => types.constant(name) === undefined);
      if (open.length === 2) {
        const isSum = node.op === 'Add' || node.op === 'Sub';
        return isSum && open.some((name) => leadsTo({ producers, types }, name, input))
          ? 'it is the input plus a change'
          : undefined;
      }
      scaled = true;
      value = open[0] ?? '';
    } else if (moving.has(node.op)) value = first;
    else return undefined;
  }
}

/** Bounds that pictures have. */
const isRange = ([low, high]: readonly unknown[]) =>
  ((low === 0 || low === -1) && high === 1) || (low === 0 && high === 255);

/** Whether a value is the input itself, moved and scaled at most. */
function leadsTo({ producers, types }: KnownGraph, from: string, input: string): boolean {
  for (let value = from; ;) {
    if (value === input) return true;
    const node = producers.get(value);
    if (!node || node.domain !== '' || (!moving.has(node.op) && !scaling.has(node.op))) return false;
    const open = scaling.has(node.op) ? node.inputs.filter((name) => types.constant(name) === undefined) : node.inputs;
    if (scaling.has(node.op) && open.length !== 1) return false;
    value = open[0] ?? '';
  }
}
