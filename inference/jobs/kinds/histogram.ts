/** @file A histogram job: what the discriminator makes of real and of generated pictures. */
import { InputError } from '../../../onnx/errors.js';
import { latentSource, namesFile, type CommonJob, type LatentSource, type SampleRequest } from '../request.js';

/** Scores of a folder's pictures and of generated ones. */
export interface HistogramJob extends CommonJob {
  kind: 'histogram';
  /** Folder of real pictures. */
  real: string;
  source: LatentSource;
  /** The discriminator's file; the one beside the generator if not given. */
  discriminator: string | undefined;
}

/** @throws InputError for values out of range and options that exclude each other */
export function histogramJob(request: SampleRequest): HistogramJob {
  const { real = '', out = 'scores.png', count = 256, discriminator, truncation, saveLatents } = request;
  if (real === '') throw new InputError({ name: 'real', expected: 'a folder of pictures', got: 'nothing' });
  namesFile(out, ['.png']);
  return { kind: 'histogram', real, source: latentSource(request, count), discriminator, truncation, saveLatents, out };
}
