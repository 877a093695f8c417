/** @file Caltech-UCSD Birds-200-2011 in its official layout as a data set (Wah et al. 2011). */
import { InputError } from '../../../onnx/errors.js';
import { croppedPicture, type Box } from '../sets/geometry.js';
import { MAX_CLASSES, type DataOptions, type Dataset } from '../sets/dataset.js';
import { isPictureFile } from '../../../inference/files/picture-paths.node.js';
import { datasetOfFiles } from './picture-files.node.js';
import { baseName, folderName, type FileTree } from '../../../inference/files/tree.js';

const LISTS = ['images.txt', 'image_class_labels.txt', 'classes.txt'];
/** Read where they are needed. */
const CHOICE_LISTS = ['train_test_split.txt', 'bounding_boxes.txt'];
const MAX_BYTES = 64 * 1024 * 1024;

/** Whether there is a folder with the lists of CUB-200-2011. */
export function hasCubLists(tree: FileTree): boolean {
  return cubFolder(tree) !== undefined;
}

/** Whether a file is a list of CUB-200-2011. */
export const isCubList = (path: string): boolean => [...LISTS, ...CHOICE_LISTS].includes(baseName(path));

/** Whether a file is a list of CUB-200-2011 or a picture. */
export const isCubFile = (path: string): boolean => isCubList(path) || isPictureFile(path);

function cubFolder({ paths }: FileTree): string | undefined {
  const folders = paths.filter((path) => baseName(path) === 'images.txt').map(folderName);
  return folders.find((folder) => LISTS.every((name) => paths.includes(folder + name)));
}

/**
 * The pictures that `images.txt` lists, in its order, with the classes of `image_class_labels.txt`. `train_test_split.txt`
 * is read where a split is asked for, `bounding_boxes.txt` with `cropToBox`. Pictures that are listed but missing are
 * skipped.
 * @throws InputError if a list cannot be read or does not fit the others, or none of its pictures is there
 */
export async function cubDataset(tree: FileTree, options: DataOptions): Promise<Dataset> {
  const { split = 'all', cropToBox = false } = options;
  if (split === 'val') {
    throw new InputError({ name: 'split', expected: 'train, test or all, which CUB-200-2011 has', got: split });
  }
  const folder = cubFolder(tree) ?? '';
  const read = (name: string) => readList(tree, folder + name);
  const names = await read('images.txt');
  const classOf = await read('image_class_labels.txt');
  const classes = await read('classes.txt');
  const training = split === 'all' ? undefined : await read('train_test_split.txt');
  const boxes = cropToBox ? await read('bounding_boxes.txt') : undefined;
  const wanted = [...names].filter(([id]) => {
    if (training === undefined) return true;
    const mark = training.get(id);
    if (mark !== '0' && mark !== '1') {
      throw new InputError({
        name: `${folder}train_test_split.txt`,
        expected: `0 or 1 for picture ${id}`,
        got: mark ?? 'nothing',
      });
    }
    return (mark === '1') === (split === 'train');
  });
  const present = new Set(tree.paths);
  const files = wanted.map(([id, name]) => ({ id, path: `${folder}images/${name}` }));
  const found = files.filter(({ path }) => present.has(path));
  const missing = files.filter(({ path }) => !present.has(path));
  if (found.length === 0) {
    throw new InputError({
      name: tree.root,
      expected: `the ${files.length} pictures of ${folder}images.txt`,
      got: 'none of them',
    });
  }
  const numbers = new Map([...classes.keys()].map((id, index) => [id, index]));
  const indices = found.map(({ id, path }) => {
    const number = numbers.get(classOf.get(id) ?? '');
    if (number === undefined)
      throw new InputError({ name: `${tree.root}: ${path}`, expected: 'a class of classes.txt; it has none' });
    return number;
  });
  if (classes.size > MAX_CLASSES) {
    throw new InputError({
      name: `${folder}classes.txt`,
      expected: `at most ${MAX_CLASSES} classes`,
      got: classes.size,
    });
  }
  const labels = { classes: [...classes.values()], indices: Uint16Array.from(indices) };
  const dataset = datasetOfFiles(
    tree,
    found.map(({ path }) => path),
    labels,
  );
  return {
    ...dataset,
    name: `${found.length} pictures of ${tree.root} (CUB-200-2011${split === 'all' ? '' : `, ${split}`})`,
    labelsFrom: 'classes.txt',
    splits: split === 'all' ? ['train', 'test'] : [split],
    skipped: [...tree.skipped, ...missing.map(({ path }) => `${path}: listed in images.txt but missing`)].sort(),
    async picture(index) {
      const picture = await dataset.picture(index);
      if (boxes === undefined) return picture;
      const { id = '', path = '' } = found[index] ?? {};
      return croppedPicture(picture, boxOf(boxes.get(id), path), path);
    },
  };
}

/** `<id> <value>` lines, in order. */
async function readList(tree: FileTree, path: string): Promise<Map<string, string>> {
  if (!tree.paths.includes(path)) throw new InputError({ name: tree.root, expected: `${path}; there is no such file` });
  const text = new TextDecoder().decode(await tree.read(path, MAX_BYTES));
  const values = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [, id = '', value = ''] = /^(\d+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (id === '' || values.has(id)) {
      throw new InputError({
        name: `${path}, line ${index + 1}`,
        expected: 'a new number and a value',
        got: `"${line.slice(0, 80)}"`,
      });
    }
    values.set(id, value);
  }
  return values;
}

/** @param text x, y, width and height in pixels */
function boxOf(text: string | undefined, path: string): Box {
  const [x = Number.NaN, y = Number.NaN, width = Number.NaN, height = Number.NaN] = (text ?? '')
    .split(/\s+/)
    .map(Number);
  if (![x, y, width, height].every(Number.isFinite) || width <= 0 || height <= 0) {
    throw new InputError({
      name: path,
      expected: 'x, y, width and height in bounding_boxes.txt',
      got: text ?? 'nothing',
    });
  }
  return { x, y, width, height };
}
