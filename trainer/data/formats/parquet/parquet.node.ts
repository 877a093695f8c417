/** @file Parquet files with a column of pictures as a data set, such as the datasets of Hugging Face. */
import { baseName, type FileTree } from '../../../../inference/files/tree.js';
import { MAX_PICTURE_BYTES } from '../../../../inference/files/picture-paths.node.js';
import { decodePicture } from '../../../../inference/pictures/pictures.node.js';
import { InputError } from '../../../../onnx/errors.js';
import { MAX_CLASSES, type DataOptions, type Dataset, type Labels } from '../../sets/dataset.js';
import { Held } from '../../sets/held.js';
import { JoinedParts, numberedLabels } from '../../sets/joined.js';
import { splitOfName, takenSplits } from '../../sets/splits.js';
import { ParquetFile } from './parquet-file.node.js';

/** Pictures as files that are held, in bytes: the last groups of rows that were used. */
const HELD_BYTES = 2 ** 29;
/** The most rows of all tables. */
const MAX_ROWS = 2 ** 24;
const PICTURES = /^(image|img|picture|photo)$/i;
const CLASSES = /^(fine_)?(labels?|class(es)?|target)$/i;

/** What `datasets` writes about columns. */
type Features = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Whether a file is a table. */
export const isParquetFile = (path: string): boolean => /\.parquet$/i.test(path);

/**
 * The pictures of one column of all tables, in the order of their names. Names such as `train-00000-of-00001.parquet` or
 * `test/0000.parquet` tell splits. Classes are those of the only column of class labels, or of a column named label or class.
 * @throws InputError if there is no column of pictures, or several, tables differ, or the split is not there
 */
export async function parquetDataset(tree: FileTree, options: DataOptions): Promise<Dataset> {
  const { items: paths, splits } = takenSplits(tree.paths.filter(isParquetFile), splitOfName, options);
  const files: ParquetFile[] = [];
  for (const path of paths) files.push(await ParquetFile.open(tree, path));
  const features = featuresOf(files[0]);
  const column = pictureColumn(files, features);
  const rows = new JoinedParts(files, (file) => file.rows);
  const { length } = rows;
  if (length > MAX_ROWS) throw new InputError({ name: tree.root, expected: `at most ${MAX_ROWS} rows`, got: length });
  if (length === 0) throw new InputError({ name: tree.root, expected: 'pictures', got: 'tables without a row' });
  const labels = await labelsOf(files, features);
  const read = pictureReader(column);
  return {
    name: `${length} ${length === 1 ? 'picture' : 'pictures'} of ${tree.root}${splits === undefined ? '' : ` (${splits.join(' and ')})`}`,
    length,
    ...(splits && { splits }),
    ...(labels && 'indices' in labels && { labels, labelsFrom: `the column ${labels.from}` }),
    ...(labels && 'none' in labels && { noLabels: labels.none }),
    skipped: tree.skipped,
    picture: async (index) => {
      const { part, at } = rows.place(index);
      const { bytes, shown } = await read(part, at);
      return decodePicture(bytes, shown);
    },
  };
}

function featuresOf(file: ParquetFile | undefined): Features {
  try {
    const told = JSON.parse(file?.text('huggingface') ?? '{}') as { info?: { features?: Features } };
    return told.info?.features ?? {};
  } catch {
    return {};
  }
}

/** The column that holds pictures. @throws InputError if there is none, or several of which none is named so */
function pictureColumn(files: readonly ParquetFile[], features: Features): string {
  const [first] = files;
  const typeOf = (name: string) => features[name]?.['_type'];
  const columns = first?.columns ?? [];
  const candidates = columns.flatMap(({ name, kind }) =>
    kind === 'file' && ['Image', 'Value', undefined].includes(typeOf(name) as string | undefined) ? [name] : [],
  );
  const stated = candidates.filter((name) => typeOf(name) === 'Image');
  const all = stated.length > 0 ? stated : candidates;
  const fits = all.length > 1 ? all.filter((name) => PICTURES.test(name)) : all;
  const [column] = fits;
  const name = first?.path ?? 'data';
  if (column === undefined || fits.length > 1) {
    const got = (all.length > 0 ? all : columns.map((each) => each.name)).join(', ');
    throw new InputError({ name, expected: 'one column of pictures as files, or one that is named image', got });
  }
  const odd = files.find(({ columns: own }) => !own.some((each) => each.name === column && each.kind === 'file'));
  if (odd)
    throw new InputError({ name: odd.path, expected: `a column ${column} of pictures, as ${name} has`, got: 'none' });
  return column;
}

/** The classes of all rows; nothing where there are none, or a line that says why there are none. */
async function labelsOf(
  files: readonly ParquetFile[],
  features: Features,
): Promise<(Labels & { from: string }) | { none: string } | undefined> {
  const columns = files[0]?.columns.filter(({ kind }) => kind === 'integer' || kind === 'text') ?? [];
  const stated = columns.filter(({ name }) => features[name]?.['_type'] === 'ClassLabel');
  const fits = stated.length > 0 ? stated : columns.filter(({ name }) => CLASSES.test(name));
  const named = fits.length > 1 ? fits.filter(({ name }) => CLASSES.test(name)) : fits;
  const [column] = named;
  if (fits.length > 1 && named.length !== 1)
    return {
      none: `${fits.map(({ name }) => name).join(' and ')} could be the classes`,
    };
  if (column === undefined || files.some(({ columns: own }) => !own.some(({ name }) => name === column.name)))
    return undefined;
  const values: unknown[] = [];
  for (const file of files)
    for (const { start, end } of file.groups)
      for (const value of await file.values(column.name, start, end)) values.push(value);
  const told = features[column.name]?.['names'];
  const names = Array.isArray(told) && told.length <= MAX_CLASSES ? told.map(String) : undefined;
  const nameOf = (value: unknown) =>
    value === null || value === undefined ? undefined : names ? names[Number(value)] : String(value);
  const missing = values.filter((value) => nameOf(value) === undefined).length;
  if (missing > 0) return { none: `in ${column.name} ${missing} rows have none` };
  const numbers = values.map(Number);
  if (names) return { classes: names, indices: Uint16Array.from(numbers), from: column.name };
  const labels = column.kind === 'integer' ? numberedLabels(numbers) : textLabels(values.map(String));
  return labels ? { ...labels, from: column.name } : { none: `${column.name} has more than ${MAX_CLASSES}` };
}

function textLabels(texts: readonly string[]): Labels | undefined {
  const classes = [...new Set(texts)].sort();
  if (classes.length > MAX_CLASSES) return undefined;
  const classOf = new Map(classes.map((name, at) => [name, at]));
  return { classes, indices: Uint16Array.from(texts, (text) => classOf.get(text) ?? 0) };
}

/** Reads the files of pictures in the rows of tables, by groups of rows. */
function pictureReader(
  column: string,
): (file: ParquetFile, row: number) => Promise<{ bytes: Uint8Array; shown: string }> {
  const groups = new Held<ParquetFile['groups'][number], unknown[]>(HELD_BYTES);
  return async (file, row) => {
    const group = file.groups.find(({ end }) => row < end) as ParquetFile['groups'][number];
    const values = await groups.get(group, group.bytes, () => file.values(column, group.start, group.end));
    const value = values[row - group.start];
    const shown = `${baseName(file.path)} row ${row}`;
    const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
    if (!(bytes instanceof Uint8Array))
      throw new InputError({ name: shown, expected: `a picture in ${column}`, got: 'none' });
    if (bytes.length > MAX_PICTURE_BYTES)
      throw new InputError({ name: shown, expected: `at most ${MAX_PICTURE_BYTES} bytes`, got: bytes.length });
    return { bytes, shown };
  };
}
