/** @file The error of a step that is too large for the memory or for a graph: it names the settings that make it smaller. */
import { InputError } from '../../onnx/errors.js';
import { LimitError } from '../../onnx/graph/limits.js';
import type { GanConfig } from '../settings/config.js';

/** What ONNX Runtime on a CPU and on CUDA, TensorFlow, Dawn and JavaScript say when there is no memory left. */
const NO_MEMORY =
  /bad_alloc|out of memory|failed to allocate|OOM when allocating|array buffer allocation failed|invalid typed array length: \d+\s*$/i;

/** The error to throw for one of the step: as it is, unless memory ran out or a tensor is larger than graphs may have. */
export function stepError(error: unknown, { batchSize, imageSize, ngf, ndf }: GanConfig): unknown {
  if (!(error instanceof Error)) return error;
  const noMemory = !(error instanceof InputError) && NO_MEMORY.test(error.message);
  if (!noMemory && !(error instanceof LimitError)) return error;
  return new InputError(
    `the step is too large: expected smaller \`batchSize\` (${batchSize}), \`ngf\` (${ngf}), \`ndf\` (${ndf}) or ` +
      `\`imageSize\` (${imageSize}); ${error.message.trim().replaceAll(/\s+/g, ' ')}`,
  );
}
