/** @file NumPy arrays of pictures as a data set: a .npy file, several in a folder, or a .npz file such as those of MedMNIST. */
import { channelsLast } from '../../../../inference/pictures/layout.js';
import { MAX_PIXELS, type Picture } from '../../../../inference/pictures/pictures.js';
import type { FileTree } from '../../../../inference/files/tree.js';
import { InputError } from '../../../../onnx/errors.js';
import { MAX_CLASSES, type DataOptions, type Dataset, type Labels } from '../../sets/dataset.js';
import { JoinedParts, numberedLabels } from '../../sets/joined.js';
import { splitOfName, takenSplits } from '../../sets/splits.js';
import { systemError } from '../../sets/system-error.js';
import { npyFile, NpyRows, numbersOf, type NpyFile } from './npy-array.node.js';

const LABELS = /(^|[^a-z])(labels?|targets?|class(es)?|y)([^a-z]|$)/i;
const PICTURES = /(^|[^a-z])(images?|imgs?|pictures?|photos?|x)([^a-z]|$)/i;
const INTEGERS = /^[iu]\d$/;

/** How the pictures of an array lie in it. */
interface Layout {
  width: number;
  height: number;
  channels: 1 | 3;
  isChannelsFirst: boolean;
}

/** Whether a file is an array. */
export const isArrayFile = (path: string): boolean => /\.npy$/i.test(path);

/** Whether a file is an array of labels, by its name. */
export const isArrayOfLabels = (path: string): boolean =>
  isArrayFile(path) && LABELS.test(path.slice(path.lastIndexOf('/') + 1, -'.npy'.length));

/**
 * The pictures of all arrays of bytes [N, H, W, 1 or 3], [N, 1 or 3, H, W] or [N, H, W], in the order of their names; where
 * some are named as pictures are, of these alone. Names such as `x_train` or `val_images` tell splits. Classes are the numbers
 * of an array of integers [N] or [N, 1] for as many pictures.
 * @throws InputError if there is none, sizes or channels differ, or the split is not there
 */
export async function arraysDataset(tree: FileTree, options: DataOptions): Promise<Dataset> {
  const { files, problems } = await arraysOf(tree);
  const { arrays, layout, isChosen, told } = pictureArrays(tree, files, problems);
  const { items: pictures, splits } = takenSplits(arrays, splitOf, options);
  const joined = new JoinedParts(pictures, ({ shape }) => shape[0] as number);
  const { length } = joined;
  const labels = await labelsOf(tree, files, { pictures, length, isSplit: splits !== undefined });
  const rows = new NpyRows(tree);
  const names = isChosen ? pictures.map(({ name }) => name) : splits;
  const taken = names === undefined ? '' : ` (${names.join(' and ')})`;
  return {
    name: `${length} ${length === 1 ? 'picture' : 'pictures'} of ${tree.root}${taken}`,
    length,
    layout: told,
    ...(splits && { splits }),
    ...(labels && 'indices' in labels && { labels, labelsFrom: `the array ${labels.from}` }),
    ...(labels && 'none' in labels && { noLabels: labels.none }),
    skipped: [...tree.skipped, ...problems].sort(),
    async picture(index) {
      const { part, at } = joined.place(index);
      return pictureOf(await rows.row(part, at), layout);
    },
  };
}

const splitOf = ({ path }: NpyFile) => splitOfName(path.replace(/\.npy$/i, ''));

/** The arrays of numbers, and what is wrong with others. */
async function arraysOf(tree: FileTree): Promise<{ files: NpyFile[]; problems: string[] }> {
  const [files, problems]: [NpyFile[], string[]] = [[], []];
  for (const path of tree.paths.filter(isArrayFile)) {
    try {
      const file = await npyFile(tree, path);
      if (file) files.push(file);
    } catch (error) {
      if (!(error instanceof InputError) || systemError(error) !== undefined) throw error;
      problems.push(error.message);
    }
  }
  return { files, problems };
}

/**
 * The arrays of pictures, how all of them are laid out, and whether others are left out by their names.
 * @throws InputError if there are none, or of several kinds
 */
function pictureArrays(
  tree: FileTree,
  files: readonly NpyFile[],
  problems: readonly string[],
): { arrays: NpyFile[]; layout: Layout; isChosen: boolean; told: Dataset['layout'] } {
  const fits = files.filter(({ type, isRowMajor, shape }) => type === 'u1' && isRowMajor && couldBePictures(shape));
  const named = fits.filter(({ name }) => PICTURES.test(name));
  const arrays = named.length > 0 ? named : fits;
  const [first] = arrays;
  const shown = ({ name, type, shape }: NpyFile) => `${name} ${type} [${shape.join(', ')}]`;
  if (!first) {
    const expected =
      'an array of pictures: bytes (uint8) of 0…255 [N, H, W, 1 or 3], [N, 1 or 3, H, W] or [N, H, W], row-major';
    throw new InputError({
      name: tree.root,
      expected,
      got: [...files.map(shown), ...problems].join('; ') || 'no array of numbers',
    });
  }
  const layout = layoutOf(first);
  const odd = arrays.find((each) => JSON.stringify(layoutOf(each)) !== JSON.stringify(layout));
  if (odd)
    throw new InputError({
      name: tree.root,
      expected: `arrays of pictures of one size, as ${shown(first)}`,
      got: shown(odd),
    });
  expectSeveral(arrays);
  const from = `the shape of ${first.name}, [${first.shape.join(', ')}]`;
  return { arrays, layout, isChosen: arrays.length < fits.length, told: { taken: layoutWords(first, layout), from } };
}

/** How an array is read, in words. */
function layoutWords({ shape }: NpyFile, { isChannelsFirst, width, height, channels }: Layout): string {
  const axes = shape.length === 3 ? 'N, H, W' : isChannelsFirst ? 'N, C, H, W' : 'N, H, W, C';
  return `[${axes}], pictures ${height} high and ${width} wide, ${channels === 1 ? 'grey' : 'RGB'}`;
}

/** @throws InputError where each array could be one picture with its 3 or 4 channels in front */
function expectSeveral(arrays: readonly NpyFile[]): void {
  const [{ path, shape }] = arrays as readonly [NpyFile];
  const [count] = shape;
  const areAlike = arrays.every((each) => each.shape.length === 3 && each.shape[0] === count);
  if (!areAlike || (count !== 3 && count !== MOST_CHANNELS)) return;
  const expected = '[N, H, W, 1] for grey pictures, or [1, 3, H, W] for one RGB picture';
  throw new InputError({ name: path, expected, got: `[${shape.join(', ')}]` });
}

/** The most channels that a picture has: with its transparency. */
const MOST_CHANNELS = 4;

const isColour = (size: number | undefined): size is 1 | 3 => size === 1 || size === 3;

/** Whether these are sizes of several pictures. */
function couldBePictures(shape: readonly number[]): boolean {
  const [, second, , fourth] = shape;
  return !shape.includes(0) && (shape.length === 3 || (shape.length === 4 && (isColour(second) || isColour(fourth))));
}

/** @throws InputError for an array that could be read in two ways, or pictures that are too large */
function layoutOf({ path, shape }: NpyFile): Layout {
  const [, second = 0, third = 0, fourth] = shape;
  const got = `[${shape.join(', ')}]`;
  if (fourth === undefined && third <= MOST_CHANNELS)
    throw new InputError({ name: path, expected: `[N, H, W], or [N, H, W, C] for one picture too`, got });
  if (isColour(second) && isColour(fourth))
    throw new InputError({ name: path, expected: '1 or 3 channels either in front or last', got });
  const isChannelsFirst = fourth !== undefined && isColour(second);
  const [height, width] = isChannelsFirst ? [third, fourth] : [second, third];
  if (height * width > MAX_PIXELS)
    throw new InputError({ name: path, expected: `pictures of at most ${MAX_PIXELS} pixels`, got });
  const channels = isChannelsFirst ? second : (fourth ?? 1);
  return { width, height, channels: channels as 1 | 3, isChannelsFirst };
}

function pictureOf(row: Uint8Array, { isChannelsFirst, ...size }: Layout): Picture {
  return { ...size, data: isChannelsFirst ? channelsLast(row, size) : row };
}

/** The classes of the pictures; nothing where there are none, or a line that says why. */
async function labelsOf(
  tree: FileTree,
  files: readonly NpyFile[],
  { pictures, length, isSplit }: { pictures: readonly NpyFile[]; length: number; isSplit: boolean },
): Promise<(Labels & { from: string }) | { none: string } | undefined> {
  const isOfNumbers = ({ type, shape }: NpyFile) =>
    INTEGERS.test(type) && (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
  const numbers = files.filter(isOfNumbers);
  // Each split has its own labels, in the order of the pictures.
  const parts = isSplit
    ? pictures.map((each) => onlyOf(numbers, each.shape[0] as number, splitOf(each)))
    : [onlyOf(numbers, length, undefined)];
  const unclear = parts.find((part) => part !== undefined && 'none' in part);
  if (unclear) return unclear as { none: string };
  const found = parts.filter((part): part is NpyFile => part !== undefined);
  const twice = found.find((part, at) => found.indexOf(part) < at);
  if (twice) return { none: `${twice.name} could be the classes of several arrays` };
  return found.length < parts.length ? undefined : labelsFrom(tree, found);
}

/** The array with so many numbers: the only one that is named as labels are, or else the only one. */
function onlyOf(
  arrays: readonly NpyFile[],
  count: number,
  split: string | undefined,
): NpyFile | { none: string } | undefined {
  const fits = arrays.filter((each) => each.shape[0] === count && splitOf(each) === split);
  const named = fits.filter(({ name }) => LABELS.test(name));
  const [first, ...more] = named.length > 0 ? named : fits;
  if (first === undefined || more.length === 0) return first;
  const names = [first, ...more].map(({ name }) => name).join(' and ');
  return { none: `${names} could be the classes` };
}

async function labelsFrom(
  tree: FileTree,
  parts: readonly NpyFile[],
): Promise<(Labels & { from: string }) | { none: string }> {
  const numbers: number[] = [];
  for (const part of parts) for (const number of await numbersOf(tree, part)) numbers.push(number);
  const from = parts.map(({ name }) => name).join(' and ');
  const labels = numberedLabels(numbers);
  return labels ? { ...labels, from } : { none: `${from} has more than ${MAX_CLASSES}` };
}
