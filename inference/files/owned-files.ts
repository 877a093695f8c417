/** @file Which files of a folder a command wrote, by exact name: single names, and numbered ones by their count. */

/** How numbered files are named. */
export type Numbering =
  /** `frames/00000.png`, …; `parts` are needed only until the job is complete. */
  | { in: 'frames' | 'parts'; extension: string; count: number }
  /** `00000/00000000.png`, …: `size` files to a folder. */
  | { in: 'folders'; extension: string; count: number; size: number }
  /** `00000.npy`, … */
  | { in: 'archives'; extension: string; count: number };

/** The files of a command in its folder. */
export interface OwnedFiles {
  names: readonly string[];
  numbered?: Numbering;
  /** Further numbered files. */
  parts?: Numbering;
}

const padded = (number: number, digits: number) => String(number).padStart(digits, '0');

/** The path of numbered file `index` below its folder, with `/` between parts. */
export function numberedPath(numbering: Numbering, index: number): string {
  const { extension } = numbering;
  if (numbering.in === 'archives') return `${padded(index, 5)}.${extension}`;
  if (numbering.in !== 'folders') return `${numbering.in}/${padded(index, 5)}.${extension}`;
  return `${padded(Math.floor(index / numbering.size), 5)}/${padded(index, 8)}.${extension}`;
}

/** Whether a file is one of these. @param path below their folder, with `/` between parts */
export function isOwned({ names, numbered, parts }: OwnedFiles, path: string): boolean {
  if (names.includes(path)) return true;
  const index = Number(/(\d+)\.\w+$/.exec(path)?.[1]);
  const isOne = (numbering: Numbering | undefined) =>
    numbering !== undefined && index < numbering.count && numberedPath(numbering, index) === path;
  return isOne(numbered) || isOne(parts);
}

/** What a journal says of its files; undefined where it says nothing that can be trusted. */
export function parsedOwnedFiles(value: unknown): OwnedFiles | undefined {
  const { names, ...both } = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(names) || !names.every((name): name is string => isPlainName(name))) return undefined;
  const owned: OwnedFiles = { names };
  for (const key of ['numbered', 'parts'] as const) {
    if (both[key] === undefined) continue;
    const numbering = parsedNumbering(both[key]);
    if (numbering === undefined) return undefined;
    owned[key] = numbering;
  }
  return owned;
}

/** Whether a name can stand in a journal. */
export const isPlainName = (name: unknown) => typeof name === 'string' && /^\w[\w. -]*$/.test(name);

function parsedNumbering(value: unknown): Numbering | undefined {
  const { in: place, extension, count, size } = (value ?? {}) as Record<string, unknown>;
  const natural = (number: unknown): number is number => Number.isSafeInteger(number) && (number as number) >= 0;
  if (typeof extension !== 'string' || !/^\w{1,8}$/.test(extension) || !natural(count)) return undefined;
  if (place === 'frames' || place === 'parts' || place === 'archives') return { in: place, extension, count };
  return place === 'folders' && natural(size) && size > 0 ? { in: place, extension, count, size } : undefined;
}
