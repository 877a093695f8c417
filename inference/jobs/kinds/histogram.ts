/** @file A histogram job: the discriminator's scores of real and of generated pictures. */
import { InputError } from '../../../onnx/errors.js';
import type { LatentSource } from '../../latent/latents.js';
import { namesFile } from '../options/checks.js';
import { commonOptions, flag, jobKind, text } from '../options/option.js';
import { discriminatorOption } from '../options/ranking.js';
import { countOption, latentSource, sourceOptions, type CommonJob } from '../options/source.js';

/** Scores of a folder's pictures and of generated ones. */
export interface HistogramJob extends CommonJob {
  kind: 'histogram';
  /** Folder of real pictures. */
  real: string;
  /** Stop at the first file in it that is not scored. */
  strict: boolean;
  source: LatentSource;
  /** The discriminator's file; the one beside the generator if not given. */
  discriminator: string | undefined;
}

export const histogram = jobKind({
  title: 'Histogram of scores',
  trigger: 'real',
  options: {
    ...commonOptions,
    ...sourceOptions,
    ...countOption,
    ...discriminatorOption,
    real: text("Histogram of the discriminator's scores of the pictures in this folder and of generated pictures"),
    strict: flag('Stop at the first file of `real` that is broken, missing or skipped'),
  },
  check(request): HistogramJob {
    const { real = '', out = 'scores.png', count = 256, discriminator, truncation, saveLatents } = request;
    const { strict = false } = request;
    if (real === '') throw new InputError({ name: 'real', expected: 'a folder of pictures', got: 'nothing' });
    namesFile(out, ['.png']);
    const source = latentSource(request, count);
    return { kind: 'histogram', real, strict, source, discriminator, truncation, saveLatents, out };
  },
});
