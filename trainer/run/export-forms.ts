/** @file The forms in which a network is exported: float32, and on demand float16 inside, or a generator of bytes. */
import { foldedBatchNorm } from '../../onnx/passes/fold-batch-norm.js';
import { toFloat16 } from '../../onnx/passes/to-float16.js';
import { uint8Generator } from '../../onnx/passes/uint8.js';
import { metadataEntries, type GanMetadata } from '../../inference/networks/metadata.js';
import { pictureFromOutput } from '../../inference/pictures/pixels.js';
import type { Model } from '../../onnx/index.js';

/** The largest difference between an output of the trained and of the exported network that passes. */
export const MAX_DIFFERENCE = 1e-4;
/** The same for a network in half precision, whose numbers have 11 bits. */
export const MAX_HALF_DIFFERENCE = 5e-2;
/** The same in levels of 0…255. */
const MAX_LEVELS = 1;

export interface FormOptions {
  fp16?: boolean | undefined;
  uint8?: boolean | undefined;
}

/** One file that a network becomes. */
export interface ExportForm {
  /** Between the network's name and `.onnx`. */
  suffix: string;
  model: Model;
  /** Largest difference that passes. */
  limit: number;
  /** Where the file's outputs are not the network's: the file's name of each, and what its numbers should be. */
  outputs?: Readonly<Record<string, { name: string; expected: (output: Float32Array) => ArrayLike<number> }>>;
}

/**
 * The forms of an exported network. The one in half precision has its batch norms folded into the convolutions, as their
 * statistics need float32; the one of bytes is for generators only.
 */
export function exportForms(exported: Model, metadata: GanMetadata, { fp16, uint8 }: FormOptions): ExportForm[] {
  const forms: ExportForm[] = [{ suffix: '', model: exported, limit: MAX_DIFFERENCE }];
  if (fp16) {
    const graph = toFloat16(foldedBatchNorm(exported.graph));
    forms.push({ suffix: '-fp16', model: { ...exported, graph }, limit: MAX_HALF_DIFFERENCE });
  }
  if (uint8 && metadata.role === 'generator') {
    const graph = uint8Generator(exported.graph, metadata.normalization);
    const entries = metadataEntries({ ...metadata, outputRange: 'uint8' });
    const expected = (output: Float32Array) => bytes(output, metadata);
    const outputs = { image: { name: 'pictures', expected } };
    forms.push({ suffix: '-uint8', model: { ...exported, graph, metadata: entries }, limit: MAX_LEVELS, outputs });
  }
  return forms;
}

/** The bytes of a picture, [3, H, W]. */
function bytes(output: Float32Array, size: GanMetadata): ArrayLike<number> {
  const { channels, data } = pictureFromOutput(output, size, size.normalization);
  const plane = size.height * size.width;
  return Uint8Array.from({ length: 3 * plane }, (_, i) => {
    const [channel, at] = [Math.floor(i / plane), i % plane];
    return data[channels === 1 ? at : 3 * at + channel] as number;
  });
}
