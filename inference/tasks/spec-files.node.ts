/** @file Files of a job that came from elsewhere: under the folders that were allowed, and with the content that was meant. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, isAbsolute } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { isAddress, shownPath } from '../files/copies.node.js';
import { packageVersion } from './version.node.js';
import { jobFile, type JobSpec } from './spec.node.js';

/** @throws InputError for a job of another version of the package */
export function expectOwnVersion(spec: JobSpec): void {
  const version = packageVersion();
  if (spec.version === version) return;
  throw new InputError({ name: 'job.version', expected: `${version}, as this package is`, got: spec.version });
}

/**
 * Checks a job before its tasks run: the package's version, that all paths are below a root, and the content of its files.
 * @param roots folders that it may read and write; anywhere if not given
 * @throws InputError naming the first difference
 */
export async function expectRunnable(spec: JobSpec, roots?: readonly string[]): Promise<void> {
  expectOwnVersion(spec);
  if (roots) {
    for (const { role, path } of spec.files) await expectWithin(roots, path, role);
    for (const [role, path] of Object.entries(spec.outputs)) await expectWithin(roots, path, role);
  }
  for (const { role, path, sha256 } of spec.files) {
    const found = await jobFile(role, path);
    if (found.sha256 === sha256) continue;
    const expected = `the ${role} of the job, sha256 ${sha256}`;
    throw new InputError({ name: shownPath(path), expected, got: found.sha256 });
  }
}

/**
 * @param roots folders, and addresses of what is below them
 * @throws InputError for a path that leads out of all roots, also through links, and for a copy of what is outside of them
 */
export async function expectWithin(roots: readonly string[], path: string, name: string): Promise<void> {
  const shown = shownPath(path);
  const outside = () => new InputError({ name, expected: `a path below ${roots.join(' or ')}`, got: shown });
  if (isAddress(shown)) {
    if (roots.some((root) => isAddress(root) && isBelow(root, shown))) return;
    throw outside();
  }
  const target = await realPath(resolve(path));
  for (const root of roots.filter((each) => !isAddress(each))) {
    const inside = relative(await realPath(resolve(root)), target);
    if (inside === '' || (inside !== '..' && !/^\.\.[/\\]/.test(inside) && !isAbsolute(inside))) return;
  }
  throw outside();
}

/** Whether an address is that of a root, or continues it after a slash, with names that lead nowhere else. */
function isBelow(root: string, address: string): boolean {
  const base = root.replace(/\/+$/, '');
  const rest = address.slice(base.length);
  const isOdd = (part: string) => part === '.' || part === '..' || /[\p{Cc}\\]/u.test(part);
  return address.startsWith(base) && (rest === '' || rest.startsWith('/')) && !rest.split('/').some(isOdd);
}

/** A path with its links followed; of what does not exist yet, those of the folders around it. */
async function realPath(path: string): Promise<string> {
  return realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path)
      throw new InputError(`${path}: cannot be read (${error.code})`);
    return join(await realPath(dirname(path)), basename(path));
  });
}
