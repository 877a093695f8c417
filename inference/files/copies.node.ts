/** @file Paths that are copies of what is elsewhere: results and messages name the originals, so that all machines name the same. */
import { isAbsolute, relative, resolve, sep } from 'node:path';

interface Copy {
  path: string;
  /** That of a folder ends with a slash. */
  address: string;
}

/** Of this process; what was noted last comes first. */
let copies: readonly Copy[] = [];

/** Whether a text is an address rather than a path, by its beginning. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

/** Notes that a file, or a folder with all that is below it, is a copy. @param address that of a folder ends with a slash */
export function noteCopy(path: string, address: string): void {
  forgetCopy(path);
  copies = [{ path: resolve(path), address }, ...copies];
}

/** Forgets of what a path is a copy. */
export function forgetCopy(path: string): void {
  const gone = resolve(path);
  copies = copies.filter((copy) => copy.path !== gone);
}

/** The address of which a path is a copy; other paths as they are. */
export function shownPath(path: string): string {
  if (copies.length === 0 || isAddress(path)) return path;
  const full = resolve(path);
  for (const copy of copies) {
    if (full === copy.path) return copy.address;
    if (copy.address.endsWith('/') && full.startsWith(copy.path + sep))
      return copy.address + relative(copy.path, full).split(sep).join('/');
  }
  return path;
}

/** A text with addresses in place of their copies. */
export function shownText(text: string): string {
  let shown = text;
  for (const { path, address } of copies) {
    if (address.endsWith('/')) shown = shown.replaceAll(path + sep, address);
    shown = shown.replaceAll(path, address);
  }
  return shown;
}

/** The copy of an address, if there is one. */
export function copyOf(address: string): string | undefined {
  for (const copy of copies) {
    if (copy.address === address) return copy.path;
    if (copy.address.endsWith('/') && address.startsWith(copy.address))
      return resolve(copy.path, ...address.slice(copy.address.length).split('/'));
  }
  return undefined;
}

/** The path of a file below a folder, with `/` between parts; nothing for what is elsewhere. Addresses count where paths are copies. */
export function pathBelow(folder: string, path: string): string | undefined {
  const [base, target] = [shownPath(folder), shownPath(path)];
  if (isAddress(base) || isAddress(target)) {
    const start = base.endsWith('/') ? base : `${base}/`;
    return target.startsWith(start) ? target.slice(start.length) : undefined;
  }
  const below = relative(resolve(base), resolve(target));
  const isElsewhere = below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below);
  return isElsewhere ? undefined : below.split(sep).join('/');
}

/** A name of a list or description as a path: that of the copy where the name is an address that has one. */
export function placedPath(base: string, name: string): string {
  return isAddress(name) ? (copyOf(name) ?? name) : resolve(base, name);
}

/**
 * Where relative names in a file of a job's folder begin, relative to that folder. Names that are all addresses begin nowhere. In a
 * copy, whose own place is another in each process, it is an absolute path.
 */
export function namesBegin(folder: string, names: readonly string[]): string {
  if (names.length > 0 && names.every(isAddress)) return '';
  return isAddress(shownPath(folder)) ? process.cwd() : relative(resolve(folder), process.cwd());
}
