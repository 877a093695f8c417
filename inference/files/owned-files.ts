/** @file Which files of a folder a command wrote, by exact name: single names, and numbered ones by their count. */

/** How numbered files are named. */
export type Numbering =
  /** `frames/00000.png`, … */
  | { in: 'frames'; extension: string; count: number }
  /** `00000/00000000.png`, …: `size` files to a folder. */
  | { in: 'folders'; extension: string; count: number; size: number }
  /** `00000.npy`, … */
  | { in: 'archives'; extension: string; count: number };

/** The files of a command in its folder. */
export interface OwnedFiles {
  names: readonly string[];
  numbered?: Numbering;
}

const padded = (number: number, digits: number) => String(number).padStart(digits, '0');

/** The path of numbered file `index` below its folder, with `/` between parts. */
export function numberedPath(numbering: Numbering, index: number): string {
  const { extension } = numbering;
  if (numbering.in === 'archives') return `${padded(index, 5)}.${extension}`;
  if (numbering.in === 'frames') return `frames/${padded(index, 5)}.${extension}`;
  return `${padded(Math.floor(index / numbering.size), 5)}/${padded(index, 8)}.${extension}`;
}

/** Whether a file is one of these. @param path below their folder, with `/` between parts */
export function isOwned({ names, numbered }: OwnedFiles, path: string): boolean {
  if (names.includes(path)) return true;
  if (numbered === undefined) return false;
  const index = Number(/(\d+)\.\w+$/.exec(path)?.[1]);
  return index < numbered.count && numberedPath(numbered, index) === path;
}

/** What a journal says of its files; undefined where it says nothing that can be trusted. */
export function parsedOwnedFiles(value: unknown): OwnedFiles | undefined {
  const { names, numbered } = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(names) || !names.every((name): name is string => isPlainName(name))) return undefined;
  if (numbered === undefined) return { names };
  const numbering = parsedNumbering(numbered);
  return numbering && { names, numbered: numbering };
}

const isPlainName = (name: unknown) => typeof name === 'string' && /^\w[\w. -]*$/.test(name);

function parsedNumbering(value: unknown): Numbering | undefined {
  const { in: place, extension, count, size } = (value ?? {}) as Record<string, unknown>;
  const natural = (number: unknown): number is number => Number.isSafeInteger(number) && (number as number) >= 0;
  if (typeof extension !== 'string' || !/^\w{1,8}$/.test(extension) || !natural(count)) return undefined;
  if (place === 'frames' || place === 'archives') return { in: place, extension, count };
  return place === 'folders' && natural(size) && size > 0 ? { in: place, extension, count, size } : undefined;
}
