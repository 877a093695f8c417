/** @file Parquet files with a column of pictures as a data set, such as the datasets of Hugging Face. */
import { baseName, type FileTree } from '../../../../inference/files/tree.js';
import { MAX_PICTURE_BYTES } from '../../../../inference/files/picture-paths.node.js';
import { decodePicture } from '../../../../inference/pictures/pictures.node.js';
import { InputError } from '../../../../onnx/errors.js';
import { MAX_CLASSES, type DataOptions, type Dataset, type Labels } from '../../sets/dataset.js';
import { splitOfName, takenSplits } from '../../sets/splits.js';
import { ParquetFile } from './parquet-file.node.js';

/** Pictures as files that are held, in bytes: the last groups of rows that were used. */
const HELD_BYTES = 2 ** 29;
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
  const labels = await labelsOf(files, features);
  const length = files.reduce((sum, { rows }) => sum + rows, 0);
  if (length === 0) throw new InputError({ name: tree.root, expected: 'pictures', got: 'tables without a row' });
  const pictures = new PictureRows(files, column);
  return {
    name: `${length} ${length === 1 ? 'picture' : 'pictures'} of ${tree.root}${splits === undefined ? '' : ` (${splits.join(' and ')})`}`,
    length,
    ...(splits && { splits }),
    ...(labels && 'indices' in labels && { labels, labelsFrom: `the column ${labels.from}` }),
    ...(labels && 'none' in labels && { noLabels: labels.none }),
    skipped: tree.skipped,
    picture: async (index) => {
      const { bytes, shown } = await pictures.file(index);
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
  for (const file of files) for (const value of await file.values(column.name)) values.push(value);
  const told = features[column.name]?.['names'];
  const names = Array.isArray(told) ? told.map(String) : undefined;
  const nameOf = (value: unknown) =>
    value === null || value === undefined ? undefined : names ? names[Number(value)] : String(value);
  const missing = values.filter((value) => nameOf(value) === undefined).length;
  if (missing > 0) return { none: `in ${column.name} ${missing} rows have none` };
  const found =
    names ??
    [...new Set(values.map(String))].sort(column.kind === 'integer' ? (a, b) => Number(a) - Number(b) : undefined);
  if (found.length > MAX_CLASSES) return { none: `${column.name} has more than ${MAX_CLASSES}` };
  const classOf = new Map(found.map((name, at) => [name, at]));
  const indices = Uint16Array.from(values, (value) => (names ? Number(value) : (classOf.get(String(value)) ?? 0)));
  return { classes: found, indices, from: column.name };
}

/** The files of pictures in the rows of tables, which are read by groups. */
class PictureRows {
  readonly #files: readonly ParquetFile[];
  readonly #column: string;
  readonly #starts: number[] = [];
  /** Groups in the order of their last use. */
  readonly #held = new Map<object, Promise<unknown[]>>();

  constructor(files: readonly ParquetFile[], column: string) {
    this.#files = files;
    this.#column = column;
    let rows = 0;
    for (const file of files) {
      this.#starts.push(rows);
      rows += file.rows;
    }
  }

  /** @throws InputError if the row has no file, or a too large one */
  async file(index: number): Promise<{ bytes: Uint8Array; shown: string }> {
    const at = this.#starts.findLastIndex((start) => start <= index);
    const file = this.#files[at];
    const row = index - (this.#starts[at] ?? 0);
    const group = file?.groups.find(({ start, end }) => start <= row && row < end);
    if (!file || !group) throw new RangeError(`picture(${index}): expected an index of a row`);
    const value = (await this.#group(file, group))[row - group.start];
    const shown = `${baseName(file.path)} row ${row}`;
    const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
    if (!(bytes instanceof Uint8Array))
      throw new InputError({ name: shown, expected: `a picture in ${this.#column}`, got: 'none' });
    if (bytes.length > MAX_PICTURE_BYTES)
      throw new InputError({ name: shown, expected: `at most ${MAX_PICTURE_BYTES} bytes`, got: bytes.length });
    return { bytes, shown };
  }

  #group(file: ParquetFile, group: ParquetFile['groups'][number]): Promise<unknown[]> {
    const values = this.#held.get(group) ?? file.values(this.#column, group.start, group.end);
    this.#held.delete(group);
    this.#held.set(group, values);
    let sum = 0;
    for (const [other] of [...this.#held].toReversed())
      if ((sum += (other as typeof group).bytes) > HELD_BYTES && other !== group) this.#held.delete(other);
    return values;
  }
}
