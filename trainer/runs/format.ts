/** @file The format of a comparison's file, by its ending. */
import { InputError } from '../../onnx/errors.js';

/** Formats that a comparison of runs can be written in. */
const formats = ['html', 'png', 'svg', 'pdf'] as const;

/** @throws InputError for another ending */
export function formatOf(path: string): (typeof formats)[number] {
  const format = formats.find((each) => path.toLowerCase().endsWith(`.${each}`));
  if (format !== undefined) return format;
  throw new InputError({
    name: 'out',
    expected: `a file that ends in ${formats.map((each) => `.${each}`).join(', ')}`,
    got: path,
  });
}
