/** @file ONNX Runtime's errors on one line. A network that it cannot load or run is bad input, not a bug of this package. */
import { InputError, printable } from '../../onnx/errors.js';

/** Places in ONNX Runtime's own source code. */
const SOURCE_PLACE = /\S*\/onnxruntime\/\S+:\d+ /g;
const MAX_REASON = 500;

/** The result of `work`. @throws InputError with ONNX Runtime's reason */
export async function asInputError<T>(doing: 'load' | 'run', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = printable(error instanceof Error ? error.message : String(error)).replaceAll(SOURCE_PLACE, '');
    throw new InputError(`ONNX Runtime cannot ${doing} the network (${reason.trim().slice(0, MAX_REASON)})`, {
      cause: error,
    });
  }
}
