/** @file Boxes around the objects of pictures, from texts in the formats that people have them in. */
import { isRecord, type JsonRecord } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/errors.js';

/** A rectangle in pixels of a picture, from its upper left corner; it may have fractions. */
export interface ObjectBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The boxes of each picture, by the path that the file gives. */
export type ObjectBoxes = Map<string, ObjectBox[]>;

/** The lines that are not empty, with their numbers in the text. */
function filledLines(text: string): { line: string; number: number }[] {
  return text.split(/\r?\n/).flatMap((line, at) => (line.trim() === '' ? [] : [{ line, number: at + 1 }]));
}

/** A list of CUB-200-2011: a number and what it stands for on each line. */
function numberedLines(text: string, name: string): Map<string, string> {
  return new Map(
    filledLines(text).map(({ line, number }) => {
      const [, id, rest] = /^(\d+)\s+(.+)$/.exec(line.trim()) ?? [];
      if (id === undefined || rest === undefined)
        throw new InputError({
          name: `${name}, line ${number}`,
          expected: 'a number and a value',
          got: `"${line.slice(0, 60)}"`,
        });
      return [id, rest];
    }),
  );
}

/**
 * `bounding_boxes.txt` of CUB-200-2011: number, x, y, width, height.
 * @param images `images.txt` beside it: number, path
 * @throws InputError for lines of another form
 */
export function cubBoxes(text: string, images: string, name: string): ObjectBoxes {
  const paths = numberedLines(images, 'images.txt');
  const boxes: ObjectBoxes = new Map();
  for (const [id, line] of numberedLines(text, name)) {
    const path = paths.get(id);
    if (path === undefined) throw new InputError({ name, expected: `picture ${id} in images.txt`, got: 'nothing' });
    addBox(boxes, path, line.split(/\s+/).map(numberOf), `${name}, picture ${id}`);
  }
  return boxes;
}

const CORNER_NAMES = [
  ['x1', 'y1', 'x2', 'y2'],
  ['xmin', 'ymin', 'xmax', 'ymax'],
  ['left', 'top', 'right', 'bottom'],
];
const SIZE_NAMES = [
  ['x', 'y', 'width', 'height'],
  ['x', 'y', 'w', 'h'],
  ['left', 'top', 'width', 'height'],
];
const FILE_NAMES = ['file', 'filename', 'file_name', 'image', 'path', 'picture'];

/**
 * Lines of values separated by commas, semicolons or tabs under a line of names: the file, and x, y, width, height or the two
 * corners (`x1`, `xmin` or `left`, …). Several lines of a file are several objects.
 * @throws InputError for other names, or values that are no numbers
 */
export function csvBoxes(text: string, name: string): ObjectBoxes {
  const [first, ...rows] = filledLines(text);
  const { line: head, number: headNumber } = first ?? { line: '', number: 1 };
  const separator = ['\t', ';', ','].find((each) => head.includes(each)) ?? ',';
  const cellsOf = cellReader(separator);
  const names = cellsOf(head.replace(/^\uFEFF/, '')).map((each) => each.toLowerCase());
  const file = names.findIndex((each) => FILE_NAMES.includes(each));
  const has = (wanted: readonly string[]) => wanted.every((each) => names.includes(each));
  const corners = CORNER_NAMES.find(has);
  const columns = corners ?? SIZE_NAMES.find(has);
  if (file < 0 || !columns) {
    throw new InputError({
      name: `${name}, line ${headNumber}`,
      expected: 'names of columns: file,x,y,width,height or file,x1,y1,x2,y2',
      got: `"${head.slice(0, 80)}"`,
    });
  }
  const boxes: ObjectBoxes = new Map();
  for (const { line, number } of rows) {
    const cells = cellsOf(line);
    const [x = NaN, y = NaN, a = NaN, b = NaN] = columns.map((each) => numberOf(cells[names.indexOf(each)]));
    const numbers = corners ? [x, y, difference(a, x), difference(b, y)] : [x, y, a, b];
    addBox(boxes, cells[file] ?? '', numbers, `${name}, line ${number}`);
  }
  return boxes;
}

/** Reads the cells of lines. A cell in quotes may hold separators, and a quote as two. */
function cellReader(separator: string): (line: string) => string[] {
  const cell = new RegExp(`${separator}(?: *"((?:[^"]|"")*)" *(?=${separator}|$)|([^${separator}]*))`, 'g');
  return (line) =>
    Array.from(`${separator}${line}`.matchAll(cell), ([, quoted, plain = '']) =>
      (quoted?.replaceAll('""', '"') ?? plain).trim(),
    );
}

/** The number of a cell, NaN where there is none; another text as it is, so that the error can show it. */
function numberOf(cell = ''): number | string {
  const number = cell === '' ? NaN : Number(cell);
  return Number.isNaN(number) && cell !== '' ? cell : number;
}

const difference = (a: number | string, b: number | string) =>
  typeof a === 'number' && typeof b === 'number' ? a - b : a;

/** Annotations of COCO: `images` with `id` and `file_name`, `annotations` with `image_id` and `bbox`. @throws InputError for others */
export function cocoBoxes(value: unknown, name: string): ObjectBoxes {
  const listOf = (key: string): readonly JsonRecord[] => {
    const list = isRecord(value) ? value[key] : undefined;
    if (Array.isArray(list) && list.every(isRecord)) return list;
    throw new InputError({
      name,
      expected: `a list "${key}" as in COCO's annotations`,
      got: list === undefined ? 'none' : 'another value',
    });
  };
  const paths = new Map(listOf('images').map(({ id, file_name: path }) => [id, path]));
  const boxes: ObjectBoxes = new Map();
  listOf('annotations').forEach(({ image_id: id, bbox }, i) => {
    const path = paths.get(id);
    const place = `${name}, annotation ${i}`;
    if (typeof path !== 'string')
      throw new InputError({ name: place, expected: 'the id of one of the images', got: String(id) });
    addBox(boxes, path, Array.isArray(bbox) ? bbox : [], place);
  });
  return boxes;
}

function addBox(boxes: ObjectBoxes, path: string, numbers: readonly unknown[], place: string): void {
  const [x, y, width, height] = numbers;
  const isNumber = (each: unknown): each is number => typeof each === 'number' && Number.isFinite(each);
  if (
    numbers.length !== 4 ||
    !isNumber(x) ||
    !isNumber(y) ||
    !isNumber(width) ||
    !isNumber(height) ||
    !(width > 0 && height > 0)
  ) {
    throw new InputError({
      name: place,
      expected: 'four numbers, of which width and height are above 0',
      got: numbers.length === 0 ? 'none' : numbers.slice(0, 6).join(', ').slice(0, 80),
    });
  }
  if (path === '') throw new InputError({ name: place, expected: 'the name of a file', got: 'none' });
  const key = normalized(path);
  const box = { x, y, width, height };
  const earlier = boxes.get(key);
  if (earlier) earlier.push(box);
  else boxes.set(key, [box]);
}

const normalized = (path: string): string => path.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');

/**
 * Looks up by paths of pictures. An entry is meant by its whole path or the end of it, folder by folder; a picture elsewhere by its
 * name alone, if only one entry has that name.
 */
export function lookedUp<T>(entries: ReadonlyMap<string, T>): (picture: string) => T | undefined {
  const names = new Map<string, T | undefined>();
  for (const [path, entry] of entries) {
    const name = nameOf(path);
    names.set(name, names.has(name) ? undefined : entry);
  }
  return (picture) => {
    const parts = normalized(picture).split('/');
    for (let from = 0; from < parts.length; from++) {
      const found = entries.get(parts.slice(from).join('/'));
      if (found !== undefined) return found;
    }
    return names.get(nameOf(picture));
  };
}

const nameOf = (path: string): string => normalized(path).split('/').at(-1) ?? '';
