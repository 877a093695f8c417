/** @file Tells errors of the file system from files with wrong content. */

/** The file system's error behind an error, such as EIO, EACCES or EMFILE; undefined where the file was read. */
export function systemError(error: unknown): NodeJS.ErrnoException | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('syscall' in each) return each as NodeJS.ErrnoException;
  }
  return undefined;
}
