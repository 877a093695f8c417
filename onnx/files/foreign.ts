/** @file Kinds of files that people often have in place of the one they mean: placeholders, links as text, web pages, .ort files. */

/** Bytes of the beginning that tell what a file is. */
export const HEAD_BYTES = 64;

/** What a file is by its first bytes, if it is a placeholder for the real file or of a kind that cannot be read. */
export function foreignFile(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  if (head.startsWith('version https://git-lfs.github.com/spec/'))
    return 'a Git LFS pointer (run git lfs pull to get the file)';
  if (head.startsWith('ORTM', 4)) return 'an .ort file of ONNX Runtime (use the .onnx file that it was made of)';
  if (/^\s*<(?:!doctype\s+html|html)/i.test(head)) return 'a web page (download the file itself)';
  const link = /^(?:\.{1,2}[\\/])+[\x20-\x7E\n\r]*$/.test(head) ? head.trim() : undefined;
  if (link !== undefined)
    return `the text of a link, "${link}" (the file was copied without its link; copy the file that it leads to, or download again)`;
  return undefined;
}
