/** @file Models and pictures in S3, as the files that the rest of the package reads. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noteCopy } from '../../inference/files/copies.node.js';
import { inParallel } from '../../inference/files/in-parallel.js';
import { MAX_DEPTH } from '../../inference/files/folder.node.js';
import { isPictureFile, MAX_PICTURE_BYTES, PICTURE_EXTENSIONS } from '../../inference/files/picture-paths.node.js';
import { InputError } from '../../onnx/errors.js';
import { forgetTemporary, removeLeftoversOf, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import { dataLocationsOf } from '../../onnx/files/load.node.js';
import { keyProblem, parsedS3Address, pathOfKey, shownS3, type S3Address } from './address.js';
import { Cache, fetched, LANES, type Copied, type CopyOptions } from './cache.node.js';
import { S3Storage } from './client.node.js';

/** What fetching needs besides an address. */
export interface FetchContext {
  environment: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal | undefined;
}

/** What says beside a model how its pictures are prepared. */
const PREPARATION = 'preprocessor_config.json';
/** Objects of a prefix. */
const MOST_OBJECTS = 1_000_000;

/** What is below a prefix and stays there. */
export interface LeftObjects {
  /** How many objects are no pictures. */
  left: number;
  /** Pictures whose keys can be no files, one line each with the reason. */
  skipped: readonly string[];
}

/** Fetches what addresses name into a cache on disk. */
export class S3Inputs {
  private constructor(
    private readonly storage: S3Storage,
    private readonly cache: Cache,
    private readonly context: FetchContext,
  ) {}

  /** @throws InputError if the package of S3 is not installed, or a variable is not what it should be */
  static async open(context: FetchContext): Promise<S3Inputs> {
    const cache = Cache.of(context.environment);
    return new S3Inputs(await S3Storage.open(context.environment), cache, context);
  }

  close(): void {
    this.storage.close();
  }

  /**
   * A model with its external data, and what says how its pictures are prepared.
   * @param name the parameter that named it
   * @param companion another model that may be beside it and is read with it
   * @returns the path of the model
   * @throws InputError if it cannot be read
   */
  async model(text: string, name: string, companion?: string): Promise<string> {
    const address = parsedS3Address(text, name);
    const parts = address.key.split('/');
    const file = parts.pop() ?? '';
    if (file === '') throw new InputError({ name, expected: 's3://bucket/key.onnx', got: text });
    // A folder called onnx keeps its name: what describes the model may be in the folder above.
    const inOnnx = parts.at(-1) === 'onnx';
    const base = parts.slice(0, inOnnx ? -1 : undefined).map((part) => `${part}/`);
    const find = (path: string) => this.#find({ bucket: address.bucket, key: base.join('') + path }, base.join(''));
    const own = inOnnx ? 'onnx/' : '';
    const model = await find(own + file);
    if (!model) throw new InputError({ name: shownS3(address), expected: 'an object that exists' });
    const others = [companion === file ? undefined : companion && own + companion, own + PREPARATION];
    const beside = await Promise.all([...others, inOnnx ? PREPARATION : undefined].map((path) => path && find(path)));
    const wanted = [model, ...beside.filter((each) => typeof each === 'object')];
    const folder = await this.#copy(wanted);
    // Only the models themselves say which external data they have.
    const locations = new Set<string>();
    for (const { path } of wanted.filter((each) => each.path.at(-1) !== PREPARATION))
      for (const location of await dataLocationsOf(join(folder, ...path))) locations.add(location);
    const data = await Promise.all([...locations].map((location) => find(own + location.replaceAll('\\', '/'))));
    // What is missing is named by whoever reads the model.
    const there = data.filter((each) => each !== undefined);
    const all = [...wanted, ...there];
    return join(noted(there.length === 0 ? folder : await this.#copy(all, { from: folder }), all), ...model.path);
  }

  /** One file. @throws InputError if it cannot be read */
  async file(text: string, name: string): Promise<string> {
    const address = parsedS3Address(text, name);
    const found = await this.#find(address, address.key.slice(0, address.key.lastIndexOf('/') + 1));
    if (!found) throw new InputError({ name: shownS3(address), expected: 'an object that exists' });
    return join(noted(await this.#copy([found]), [found]), ...found.path);
  }

  /** Files that lie to each other as their keys do. @returns their paths by address @throws InputError if one cannot be read */
  async files(texts: readonly string[], name: string): Promise<Map<string, string>> {
    const objects: Copied[] = [];
    for (const text of texts) {
      const object = await this.storage.find(parsedS3Address(text, name), this.context.signal);
      if (!object) throw new InputError({ name: text, expected: 'an object that exists' });
      objects.push({ object, path: [object.bucket, ...pathOfKey(object, '')] });
    }
    const folder = noted(await this.#copy(objects), objects);
    return new Map(objects.map(({ object, path }) => [shownS3(object), join(folder, ...path)]));
  }

  /** Files for a while: they are no part of the cache. @returns their paths by address, and what removes them */
  async passing(texts: readonly string[], signal?: AbortSignal) {
    const pictures = join(this.cache.jobs, 'pictures');
    await removeLeftoversOf(pictures);
    const place = temporaryBeside(pictures);
    const release = async () => {
      await rm(place, { recursive: true, force: true }).catch(() => undefined);
      forgetTemporary(place);
    };
    const paths = new Map<string, string>();
    try {
      await inParallel(texts.entries(), LANES, async ([i, text]) => {
        const address = parsedS3Address(text, 'IMAGE');
        const object = await this.storage.find(address, signal);
        if (!object) throw new InputError({ name: text, expected: 'an object that exists' });
        if (object.size > MAX_PICTURE_BYTES)
          throw new InputError({ name: text, expected: `at most ${MAX_PICTURE_BYTES} bytes`, got: object.size });
        const path = join(place, String(i), pathOfKey(object, '').at(-1) as string);
        paths.set(text, path);
        await fetched(this.storage, object, path, signal);
      });
    } catch (error) {
      await release();
      throw error;
    }
    return { paths, release };
  }

  /**
   * The pictures whose keys begin with a prefix, as a folder.
   * @param progress called with how many are there
   * @returns the folder, and what was left
   * @throws InputError if there are none, or they cannot be read
   */
  async pictures(
    text: string,
    name: string,
    progress?: (done: number, total: number) => void,
  ): Promise<LeftObjects & { folder: string }> {
    const { objects, left, skipped, address } = await this.#listed(text, name);
    const folder = await this.#copy(objects, { progress });
    noteCopy(folder, shownS3(address));
    return { folder, left, skipped };
  }

  /**
   * The pictures whose keys begin with a prefix, for who fetches them later.
   * @returns the size and time of each by its address, in the order in which files of a folder come, and what was left; nothing where
   *   a folder of them would not be read in full
   */
  async stamps(text: string, name: string): Promise<(LeftObjects & { stamps: Map<string, string> }) | undefined> {
    const { objects, left, skipped } = await this.#listed(text, name);
    const shown = objects.filter(({ path }) => !path.some((part) => part.startsWith('.')));
    if (shown.length === 0 || shown.some(({ path }) => path.length > MAX_DEPTH + 1)) return undefined;
    const sorted = shown
      .map(({ object, path }) => ({ object, below: path.join('/') }))
      .toSorted((a, b) => (a.below < b.below ? -1 : 1));
    const stamps = sorted.map(({ object }) => [shownS3(object), `${object.size} ${object.modified}`] as const);
    return { stamps: new Map(stamps), left, skipped };
  }

  async #listed(text: string, name: string): Promise<LeftObjects & { objects: Copied[]; address: S3Address }> {
    const address = parsedS3Address(text, name);
    const { bucket, key } = address;
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
    const objects: Copied[] = [];
    const problems: InputError[] = [];
    let left = 0;
    for await (const object of this.storage.list({ bucket, key: prefix }, 'all', this.context.signal)) {
      // Some tools make empty objects for folders.
      if (object.key.endsWith('/') && object.size === 0) continue;
      const problem = keyProblem(object, prefix);
      if (!isPictureFile(object.key)) left++;
      else if (problem) problems.push(problem);
      else objects.push({ object, path: pathOfKey(object, prefix) });
      if (objects.length > MOST_OBJECTS)
        throw new InputError({ name: shownS3(address), expected: `at most ${MOST_OBJECTS} pictures`, got: 'more' });
      if (object.size > MAX_PICTURE_BYTES && isPictureFile(object.key))
        throw new InputError({
          name: shownS3(object),
          expected: `at most ${MAX_PICTURE_BYTES} bytes`,
          got: object.size,
        });
    }
    if (objects.length === 0) {
      if (problems[0]) throw problems[0];
      const got = left === 0 ? 'nothing below this address' : `${left} other objects`;
      throw new InputError({ name: shownS3(address), expected: `pictures (${PICTURE_EXTENSIONS.join(', ')})`, got });
    }
    return { objects, left, skipped: problems.map(({ message }) => message), address: { bucket, key: prefix } };
  }

  /** The object of a key, if there is one. A listing tells it from one that may not be read. */
  async #find(address: S3Address, base: string): Promise<Copied | undefined> {
    for await (const object of this.storage.list(address, 'folder', this.context.signal)) {
      // Longer keys come after it.
      return object.key === address.key ? { object, path: pathOfKey(object, base) } : undefined;
    }
    return undefined;
  }

  #copy(objects: readonly Copied[], options: CopyOptions = {}): Promise<string> {
    return this.cache.copy(this.storage, objects, { ...options, signal: this.context.signal });
  }
}

/** Notes of which objects the files of a folder are copies. */
function noted(folder: string, objects: readonly Copied[]): string {
  for (const { object, path } of objects) noteCopy(join(folder, ...path), shownS3(object));
  return folder;
}
