/** @file A corners job: a grid of pictures between four latents. */
import { InputError } from '../../../onnx/errors.js';
import type { InterpolationMode } from '../../latent/interpolate.js';
import { seedCount, type LatentSource } from '../../latent/latents.js';
import { parsedSource } from '../../parse/seeds.js';
import { modeOption } from '../options/animation.js';
import { namesFile } from '../options/checks.js';
import { gridOption } from '../options/grid.js';
import { commonOptions, jobKind, parsed } from '../options/option.js';
import { checkedSource, truncationOption, type CommonJob } from '../options/source.js';
import { checkedScale, scaleOption, type Scale } from '../options/scale.js';

/** Pictures between the latents of four seeds, or of a file with four. */
export interface CornersJob extends CommonJob {
  kind: 'corners';
  scale: Scale | undefined;
  /** Top left, top right, bottom left and bottom right. */
  source: LatentSource;
  columns: number;
  rows: number;
  mode: InterpolationMode;
}

export const corners = jobKind({
  title: 'Grid between four corners',
  trigger: 'corners',
  options: {
    ...commonOptions,
    ...scaleOption,
    ...truncationOption,
    corners: parsed(
      'Grid between four seeds or the latents of a file: top left, top right, bottom left, bottom right',
      parsedSource,
    ),
    ...gridOption,
    ...modeOption,
  },
  check(request): CornersJob {
    const { corners: source, grid = { columns: 8, rows: 8 }, interpolate = 'slerp', out = 'corners.png' } = request;
    const { truncation, saveLatents } = request;
    if (source === undefined) throw new InputError({ name: 'corners', expected: 'four latents', got: 'nothing' });
    namesFile(out, ['.png']);
    checkedSource(source, 'corners', truncation);
    if ('seeds' in source) checkCorners(seedCount(source.seeds));
    const scale = request.scale && checkedScale(request.scale);
    return { kind: 'corners', scale, source, ...grid, mode: interpolate, truncation, saveLatents, out };
  },
});

/** @throws InputError unless there are four */
export function checkCorners(count: number): void {
  if (count !== 4) throw new InputError({ name: 'corners', expected: '4 seeds or a file of 4 latents', got: count });
}
