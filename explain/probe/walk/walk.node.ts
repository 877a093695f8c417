/** @file A discriminator's attention over a walk between latents: an animation on one scale, plots and results.json. */
import { linePlotPng, type PlotLine } from '../../../inference/figures/charts/plot.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { lineStyle } from '../../../inference/figures/theme.js';
import { interpolatedLatents } from '../../../inference/latent/interpolate.js';
import type { Generator } from '../../../inference/networks/generator.js';
import { preparedPictures } from '../../../inference/networks/network-input.js';
import { checkSpeed, type AnimationFormat } from '../../../inference/pictures/animation.js';
import { pictureGrid } from '../../../inference/pictures/grid.js';
import { encodeAnimation, encodePng } from '../../../inference/pictures/pictures.node.js';
import { rgbPicture, type Picture } from '../../../inference/pictures/pictures.js';
import { enlargedPicture } from '../../../inference/pictures/resize.js';
import { InputError } from '../../../onnx/errors.js';
import { drawnPictures } from '../../files/pictures/map-files.node.js';
import type { MapStyle } from '../../figures/overlay.js';
import type { Explainer } from '../../maps/explain.js';
import type { Explanation } from '../../maps/explanation.js';
import { boxMask } from '../../objects/mask.js';
import { expectMaskFits } from '../../targets/target-choice.js';
import { attentionOf, type Attention } from '../shared/attention.js';
import { factorTo, requireInside, type PixelBox } from '../shared/box.js';
import { largestOf, oneMapEach, type OneMapOptions } from '../shared/one-map.js';
import { expectSameTarget } from '../shared/only-target.js';
import { inProbeFolder, type ProbeFiles, type ProbeFolderOptions } from '../shared/probe-folder.node.js';

/** A walk, and what is explained of it. */
export interface WalkProbeOptions extends OneMapOptions, ProbeFolderOptions {
  /** Key frames, at least two. */
  seeds: readonly number[];
  /** Default 24. */
  frames?: number;
  /** Go on from the last key frame to the first, default false. */
  loop?: boolean;
  /** Frames per second, default 12. */
  fps?: number;
  /** Default `webp`. */
  format?: AnimationFormat;
  style?: MapStyle;
  /** A region of the generator's pictures whose share of the attention is wanted. */
  box?: PixelBox;
  progress_callback?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** A frame of a walk. */
export interface WalkFrame {
  frame: number;
  score: number;
  probability?: number;
  /** Missing where the map is empty. */
  attention?: Attention;
}

/** Frames, which are all in memory, and pictures explained at a time. */
const MOST_FRAMES = 1000;
const GROUP = 8;
/** Pictures of the animation have at least so many pixels a side. */
const SIDE = 192;
const FILMSTRIP = 8;

/**
 * Explains every frame of a walk between latents and writes `walk.webp` (picture beside overlay, one scale over the whole walk),
 * `filmstrip.png`, `score.png`, `attention.png` and `results.json`.
 * @throws InputError for options out of range, or as `Explainer.explain`
 * @throws the signal's reason when it is aborted; nothing is written then
 */
export async function probeWalk(
  explainer: Explainer,
  generator: Generator,
  options: WalkProbeOptions,
): Promise<ProbeFiles & { frames: WalkFrame[]; lines: string[] }> {
  const { seeds, frames: count = 24, loop = false, fps = 12, format = 'webp', style = {}, box, signal } = options;
  if (!Number.isInteger(count) || count < 2 || count > MOST_FRAMES)
    throw new InputError({ name: 'frames', expected: `an integer of 2…${MOST_FRAMES}`, got: count });
  checkSpeed({ format, fps });
  if (seeds.length < 2)
    throw new InputError({ name: 'seeds', expected: 'at least two, between which it walks', got: seeds.length });
  expectSameTarget(explainer.head, options.target, 'frame');
  expectMaskFits(options.target, generator, 'the generated pictures');
  if (box) requireInside(box, generator);
  let found: { frames: WalkFrame[]; lines: string[] } = { frames: [], lines: [] };
  const written = await inProbeFolder('walk', options, async (write) => {
    const keyframes = seeds.map((seed) => generator.latents([seed]));
    const latents = interpolatedLatents(keyframes, { frames: count, mode: 'slerp', loop });
    const pictures = await generator.pictures(latents, signal ? { signal } : {});
    const explanations: Explanation[] = [];
    for (let start = 0; start < count; start += GROUP) {
      signal?.throwIfAborted();
      const batch = preparedPictures(pictures.slice(start, start + GROUP), explainer.input);
      explanations.push(...(await oneMapEach(explainer, batch, options)));
      options.progress_callback?.(explanations.length, count);
    }
    const region = box && boxMask([box], pictures[0] as Picture, explainer.input.picture);
    if (box && !region)
      throw new InputError({ name: 'box', expected: 'a box that the discriminator sees', got: 'one outside its crop' });
    const frames = explanations.map((each, frame): WalkFrame => {
      const attention = attentionOf(each, region);
      const { score, probability } = each;
      return { frame, score, ...(probability !== undefined && { probability }), ...(attention && { attention }) };
    });
    const largest = largestOf(explanations);
    const shown = pictures.map((picture, at) => {
      const large = enlargedPicture(rgbPicture(picture), factorTo(picture, SIDE));
      const look = { input: explainer.input, style, figures: {} };
      const { overlay } = drawnPictures(large, picture, explanations[at] as Explanation, look, largest);
      return pictureGrid([large, overlay], 2, { padding: 4, background: 255 });
    });
    await write(`walk.${format}`, await encodeAnimation(shown, { format, fps, loop: true }));
    const length = Math.min(FILMSTRIP, count);
    const strip = Array.from({ length }, (_, i) => Math.round((i * (count - 1)) / (length - 1)));
    const cells = strip.map((at) => shown[at] as Picture);
    await write('filmstrip.png', await encodePng(pictureGrid(cells, 2, { padding: 4, background: 255 })));
    const [first] = explanations as [Explanation];
    const what = `${first.label} at ${first.layer.name}`;
    await write('score.png', scorePlot(frames, `Score of ${first.label} over the walk`));
    await write('attention.png', attentionPlot(frames, `Where the attention is: ${what}`));
    const { layer, method, label } = first;
    const seen = frames.flatMap(({ attention }) => attention ?? []);
    const range = (name: string, values: readonly number[]) =>
      `${name} ${formattedNumber(Math.min(...values))} … ${formattedNumber(Math.max(...values))}`;
    found = {
      frames,
      lines: [
        `${count} frames, ${what}: ${range(
          'score',
          frames.map(({ score }) => score),
        )}`,
        seen.length === 0
          ? 'Attention: all maps are empty'
          : `Attention: ${range(
              'from the left',
              seen.map(({ x }) => x),
            )}, ${range(
              'from the top',
              seen.map(({ y }) => y),
            )}, ` +
            range(
              'spread',
              seen.map(({ spread }) => spread),
            ) +
            (region
              ? `, ${range(
                  'inside the box',
                  seen.map(({ inside = 0 }) => inside),
                )}`
              : ''),
        ...(seen.length > 0 && seen.length < count ? [`${count - seen.length} frames have an empty map`] : []),
      ],
    };
    return {
      explained: { layer, method, target: label, largest },
      walk: { seeds, loop, ...(box && { box }) },
      frames,
    };
  });
  return { ...written, ...found };
}

function scorePlot(frames: readonly WalkFrame[], title: string): Uint8Array {
  const points = frames.map(({ frame, score }) => ({ x: frame, y: score }));
  return linePlotPng({ title, xTitle: 'frame', yTitle: 'score', wholeX: true, lines: [{ ...lineStyle(0), points }] });
}

function attentionPlot(frames: readonly WalkFrame[], title: string): Uint8Array {
  const line = (index: number, label: string, value: (attention: Attention) => number | undefined): PlotLine => ({
    ...lineStyle(index),
    label,
    points: frames.map(({ frame, attention }) => ({ x: frame, y: (attention && value(attention)) ?? Number.NaN })),
  });
  const hasRegion = frames.some(({ attention }) => attention?.inside !== undefined);
  const lines = [
    line(0, 'centre, from the left', ({ x }) => x),
    line(1, 'centre, from the top', ({ y }) => y),
    line(2, 'spread', ({ spread }) => spread),
    ...(hasRegion ? [line(3, 'share inside the box', ({ inside }) => inside)] : []),
  ];
  return linePlotPng({
    title,
    xTitle: 'frame',
    yTitle: 'share of the picture',
    wholeX: true,
    y: { min: 0, max: 1 },
    lines,
  });
}
