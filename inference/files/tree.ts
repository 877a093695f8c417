/** @file The files below a root, which is a folder or an archive. */

/** Files below a root. */
export interface FileTree {
  /** What the user called the root. */
  readonly root: string;
  /** Paths below the root, parts separated by `/`, in the order of their UTF-16 code units. */
  readonly paths: readonly string[];
  /** What was skipped, one line each with the reason. */
  readonly skipped: readonly string[];
  /**
   * The bytes of a file.
   * @throws InputError if the file cannot be read or is larger than `maxBytes`
   */
  read(path: string, maxBytes: number): Promise<Uint8Array>;
  /**
   * Some bytes of a file, fewer where it ends before; in an archive all that stands before them is unpacked on the way.
   * @param end after the last one
   * @throws InputError if the file cannot be read
   */
  part(path: string, start: number, end: number): Promise<Uint8Array>;
  /** Whether parts of files are read without what stands before them. */
  readonly hasParts: boolean;
  /** A text that changes when the file's content changes, and is not that of a file with other content. */
  stamp(path: string): Promise<string>;
  /** Bytes of the file, unpacked. */
  size(path: string): Promise<number>;
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The path without its last part: `''`, or ending in `/`. */
export function folderName(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}
