/** @file Files of a job that came from elsewhere: under the folders that were allowed, and with the content that was meant. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, isAbsolute } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { packageVersion } from './version.node.js';
import { jobFile, type JobSpec } from './spec.node.js';

/**
 * Checks a job before its tasks run: the package's version, that all paths are below a root, and the content of its files.
 * @param roots folders that it may read and write; anywhere if not given
 * @throws InputError naming the first difference
 */
export async function expectRunnable(spec: JobSpec, roots?: readonly string[]): Promise<void> {
  const version = packageVersion();
  if (spec.version !== version) {
    throw new InputError({ name: 'job.version', expected: `${version}, as this package is`, got: spec.version });
  }
  if (roots) {
    for (const { role, path } of spec.files) await expectWithin(roots, path, role);
    for (const [role, path] of Object.entries(spec.outputs)) await expectWithin(roots, path, role);
  }
  for (const { role, path, sha256 } of spec.files) {
    const found = await jobFile(role, path);
    if (found.sha256 === sha256) continue;
    throw new InputError({ name: path, expected: `the ${role} of the job, sha256 ${sha256}`, got: found.sha256 });
  }
}

/** @throws InputError for a path that leads out of all roots, also through links */
export async function expectWithin(roots: readonly string[], path: string, name: string): Promise<void> {
  const target = await realPath(resolve(path));
  for (const root of roots) {
    const inside = relative(await realPath(resolve(root)), target);
    if (inside === '' || (inside !== '..' && !/^\.\.[/\\]/.test(inside) && !isAbsolute(inside))) return;
  }
  throw new InputError({ name, expected: `a path below ${roots.join(' or ')}`, got: path });
}

/** A path with its links followed; of what does not exist yet, those of the folders around it. */
async function realPath(path: string): Promise<string> {
  return realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path)
      throw new InputError(`${path}: cannot be read (${error.code})`);
    return join(await realPath(dirname(path)), basename(path));
  });
}
