/** @file Names of files made of names of pictures and layers. */

/** Bytes of a name's part, so that a picture's, a layer's and a method's name together fit into any file system. */
const MAX_PART_BYTES = 90;

/** Letters with their marks, digits and a few signs; longer names are cut between characters. */
export function fileName(text: string): string {
  const allowed = text.normalize('NFC').replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '_');
  let name = '';
  let bytes = 0;
  for (const character of allowed) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_PART_BYTES) break;
    name += character;
  }
  return name || 'picture';
}

/** Names of which no two are the same; capital letters do not make a difference. */
export class UniqueNames {
  readonly #taken = new Set<string>();

  /** The name, or with the first free number from 2 on. */
  take(name: string): string {
    let unique = name;
    for (let next = 2; this.#taken.has(unique.toLowerCase()); next++) unique = `${name}-${next}`;
    this.#taken.add(unique.toLowerCase());
    return unique;
  }
}
