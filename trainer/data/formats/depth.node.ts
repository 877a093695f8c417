/** @file What is assumed of pictures of more than 8 bits a channel: where their white is. */
import { whiteOf } from '../../../inference/pictures/pictures.node.js';
import { MAX_PICTURE_BYTES } from '../../../inference/files/picture-paths.node.js';
import type { FileTree } from '../../../inference/files/tree.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';

/** How many files are looked at. */
const LOOKED_AT = 32;
/** Extensions of files that may have more than 8 bits. */
const DEEP = /\.(png|tiff?)$/i;

/**
 * Where the white of a set's pictures is, as far as some of them tell: each is scaled by what it holds, so in a set of several whites
 * a dark picture becomes as light as others. Nothing of pictures of 8 bits.
 */
export async function assumedOfDepth(tree: FileTree, pictures: readonly string[]): Promise<Assumption[]> {
  const deep = pictures.filter((path) => DEEP.test(path));
  const every = Math.max(1, Math.ceil(deep.length / LOOKED_AT));
  const counts = new Map<number, number>();
  for (let at = 0; at < deep.length; at += every) {
    const path = deep[at] as string;
    // What cannot be read is told when it is decoded.
    const white = await tree
      .read(path, MAX_PICTURE_BYTES)
      .then((bytes) => whiteOf(bytes, path))
      .catch(() => undefined);
    if (white !== undefined) counts.set(white, (counts.get(white) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const found = [...counts].sort(([a], [b]) => a - b);
  const looked = found.reduce((sum, [, count]) => sum + count, 0);
  const [[white]] = found as [[number, number]];
  const each = found.map(([level, count]) => `${level} in ${count}`).join(', ');
  return [
    {
      about: 'more than 8 bits',
      taken:
        found.length === 1
          ? `white is ${white}`
          : `white is ${each} of ${looked} pictures, so equal numbers become unequal levels; convert them to 8 bits to decide yourself`,
      because: `the fewest bits that hold the numbers of each picture; ${looked} looked at`,
      options: [],
    },
  ];
}
