/** @file The user's pictures, dropped or chosen, and those that the page's own networks were trained on. */
import { computed, signal } from '@preact/signals';
import type { Picture } from 'ganscope/inference';
import type { Engine } from '../engine/calls.js';
import { foundRecipe, recipeName } from '../engine/recipe.js';
import type { Notices } from './notices.js';

/** A picture with a name. It is decoded when it is first wanted. */
export interface NamedPicture {
  id: string;
  name: string;
  picture: () => Promise<Picture>;
}

const MAX_FILE_BYTES = 512 * 1024 * 1024;
/** The built-in pictures to compare with. */
const BUILT_IN = 24;
const BUILT_IN_SIZE = 128;

/** Pictures to explain and to compare with. */
export class Pictures {
  readonly #own = signal<readonly NamedPicture[]>([]);
  readonly #builtIn: readonly NamedPicture[];
  /** The user's pictures, or the built-in ones where there are none. */
  readonly all = computed(() => (this.#own.value.length > 0 ? this.#own.value : this.#builtIn));
  readonly hasOwn = computed(() => this.#own.value.length > 0);

  constructor(
    readonly engine: Engine,
    readonly notices: Notices,
  ) {
    this.#builtIn = Array.from({ length: BUILT_IN }, (_, index) => ({
      id: `space-${index}`,
      name: `space picture ${index}`,
      picture: once(() => engine.real(index, BUILT_IN_SIZE)),
    }));
    this.#decode = (file) => async () => engine.decode(new Uint8Array(await file.arrayBuffer()), file.name);
  }

  readonly #decode: (file: File) => () => Promise<Picture>;

  /** Takes files of the user; the newest stand first. Returns them. */
  add(files: readonly File[]): NamedPicture[] {
    const large = files.find(({ size }) => size > MAX_FILE_BYTES);
    if (large) this.notices.fail('explain', new Error(`${large.name}: larger than 512 MiB`));
    const taken = files.filter(({ size }) => size <= MAX_FILE_BYTES);
    const made = taken.map((file) => this.#named(file.name, this.#decode(file)));
    this.#own.value = [...made, ...this.#own.peek()];
    return made;
  }

  /** Takes a picture that was made here. */
  addMade(name: string, picture: Picture): NamedPicture {
    const made = this.#named(name, async () => picture);
    this.#own.value = [made, ...this.#own.peek()];
    return made;
  }

  /** The picture with an id: a file's, a built-in one's, or `z:` and the text of a point. */
  find(id: string): NamedPicture | undefined {
    if (id.startsWith('z:')) return this.#ofPoint(id);
    return this.all.value.find((each) => each.id === id) ?? this.#builtIn.find((each) => each.id === id);
  }

  readonly #points = new Map<string, NamedPicture>();

  /** Forgets the pictures of points: another generator makes others of them. */
  forgetPoints(): void {
    this.#points.clear();
  }

  #ofPoint(id: string): NamedPicture | undefined {
    const recipe = foundRecipe(id.slice(2));
    if (!recipe) return undefined;
    const picture = async () => {
      const [made] = await this.engine.sample([recipe], false);
      if (!made) throw new Error('the generator made no picture');
      return made.picture;
    };
    const known = this.#points.get(id) ?? { id, name: recipeName(recipe), picture: once(picture) };
    this.#points.set(id, known);
    return known;
  }

  #last = 0;

  #named(name: string, picture: () => Promise<Picture>): NamedPicture {
    return { id: `own-${++this.#last}`, name, picture: once(picture) };
  }
}

/** The function with its result kept; a failure is tried again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
