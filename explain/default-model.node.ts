/** @file The model that is explained when none is named. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../onnx/errors.js';

const LATEST = join('runs', 'latest', 'onnx', 'discriminator.onnx');
const BUILT_IN = fileURLToPath(new URL('../../fixtures/tiny/discriminator.onnx', import.meta.url));

/** The named model, else the latest export's discriminator, else the package's small one; `note` says which was taken. */
export async function discriminatorFile(named: string | undefined): Promise<{ path: string; note?: string }> {
  if (named !== undefined) return { path: named };
  if (await exists(LATEST)) return { path: LATEST, note: `Explaining ${LATEST}` };
  if (await exists(BUILT_IN)) {
    return {
      path: BUILT_IN,
      note: `There is no ${LATEST}: explaining the small discriminator that comes with ganscope.`,
    };
  }
  throw new InputError(`--model: expected an .onnx file, as there is no ${LATEST}; train and export one, or name one`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
