/** @file The last values that were used, as many as there is room for. */

/** Values that are made when they are first asked for, and held until later ones need the room. */
export class Held<Key, Value> {
  readonly #bytes: number;
  /** In the order of their last use. */
  readonly #values = new Map<Key, { value: Promise<Value>; size: number }>();

  /** @param bytes how much is held, besides the last value */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** The value of a key. One that could not be made is not held. @param size its bytes */
  get(key: Key, size: number, make: () => Promise<Value>): Promise<Value> {
    const found = this.#values.get(key) ?? { value: make(), size };
    this.#values.delete(key);
    this.#values.set(key, found);
    found.value.catch(() => this.#values.delete(key));
    let sum = 0;
    for (const [other, each] of [...this.#values].toReversed())
      if ((sum += each.size) > this.#bytes && other !== key) this.#values.delete(other);
    return found.value;
  }
}
