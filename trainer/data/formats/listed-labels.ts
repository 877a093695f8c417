/** @file Labels in a dataset.json beside the pictures: `{ "labels": [["00000/img00000000.png", 6], …] }`, as of NVIDIA's StyleGAN. */
import { InputError } from '../../../onnx/errors.js';
import { baseName, folderName, type FileTree } from '../../../inference/files/tree.js';
import { MAX_CLASSES, type Labels } from '../sets/dataset.js';

/** The file's name. */
export const LABELS_FILE = 'dataset.json';
const MAX_BYTES = 256 * 1024 * 1024;

/** Whether a file lists labels. */
export const isLabelsFile = (path: string): boolean => baseName(path) === LABELS_FILE;

/**
 * The labels that a dataset.json lists; undefined where there is no such file.
 * @throws InputError if it cannot be read or has no label for one of the pictures
 */
export async function listedLabels(
  tree: FileTree,
  pictures: readonly string[],
): Promise<{ labels: Labels | undefined } | undefined> {
  const files = tree.paths.filter(isLabelsFile);
  const [file] = files.toSorted((a, b) => a.length - b.length);
  if (file === undefined) return undefined;
  const list = parsedList(new TextDecoder().decode(await tree.read(file, MAX_BYTES)));
  if (list === null) return { labels: undefined };
  if (list === undefined) return undefined;
  const labelOf = new Map<unknown, unknown>(list.filter(Array.isArray).map(([name, label]) => [name, label]));
  const folder = folderName(file);
  const numbers = pictures.map((path) => {
    const label = labelOf.get(path.startsWith(folder) ? path.slice(folder.length) : path);
    if (Number.isSafeInteger(label)) return label as number;
    throw new InputError({
      name: `${tree.root}: ${file}`,
      expected: `the number of a class for ${path}`,
      got: label === undefined ? 'none' : JSON.stringify(label).slice(0, 40),
    });
  });
  const classes = [...new Set(numbers)].sort((a, b) => a - b);
  if (classes.length > MAX_CLASSES) {
    throw new InputError({ name: file, expected: `at most ${MAX_CLASSES} classes`, got: classes.length });
  }
  const indexOf = new Map(classes.map((number, index) => [number, index]));
  return {
    labels: {
      classes: classes.map(String),
      indices: Uint16Array.from(numbers, (number) => indexOf.get(number) as number),
    },
  };
}

/** The list of labels; null where the file says that there are none, undefined where it is about something else. */
function parsedList(text: string): unknown[] | null | undefined {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content !== 'object' || content === null || !('labels' in content)) return undefined;
    return Array.isArray(content.labels) ? content.labels : null;
  } catch {
    return undefined;
  }
}
