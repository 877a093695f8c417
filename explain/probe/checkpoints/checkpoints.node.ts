/** @file The attention of a network's checkpoints compared: a sheet, a plot and results.json. */
import { fileDigest } from '../../../inference/files/same-job.node.js';
import { linePlotPng } from '../../../inference/figures/charts/plot.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { sheetPng, type SheetCell } from '../../../inference/figures/sheet.node.js';
import { lineStyle } from '../../../inference/figures/theme.js';
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { npyBytes } from '../../../inference/numeric/npy.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { heatmapPicture, overlaidPicture, type MapStyle } from '../../figures/overlay.js';
import type { Explanation } from '../../maps/explanation.js';
import { largestOf } from '../shared/one-map.js';
import { inProbeFolder, type ProbeFiles, type ProbeFolderOptions } from '../shared/probe-folder.node.js';
import {
  checkpointMaps,
  type CheckpointMap,
  type CheckpointMaps,
  type CheckpointMapsOptions,
  type CheckpointSource,
} from './checkpoint-maps.node.js';
import { mapDifference, type MapDifference } from './compare.js';

/** How checkpoints are compared. */
export interface CheckpointsProbeOptions extends CheckpointMapsOptions, ProbeFolderOptions {
  /** Overlays; a palette that shows signs is for the differences alone. */
  style?: MapStyle;
}

/** What is known of a checkpoint. */
export interface ComparedCheckpoint {
  name: string;
  path: string;
  sha256: string;
  /** Mean over pictures. */
  score: number;
  /** Mean share of the attention inside the boxes, over pictures that have one and a map. */
  inside?: number;
  /** Mean |difference| and mean correlation with the last checkpoint's maps. */
  difference: number;
  correlation?: number;
  pictures: object[];
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length;

/**
 * Explains the same pictures with each checkpoint, in their order, and compares each with the last. Writes `checkpoints.png` (the first
 * pictures; a row has one scale over all checkpoints), `inside.png` where there are boxes, `score.png`, `differences.npy`
 * [checkpoints − 1, pictures, h, w] and `results.json`.
 * @throws as `checkpointMaps`; nothing is written then
 */
export async function probeCheckpoints(
  sources: readonly CheckpointSource[],
  paths: readonly string[],
  options: CheckpointsProbeOptions,
): Promise<ProbeFiles & { checkpoints: ComparedCheckpoint[]; skipped: string[]; lines: string[] }> {
  const { style = {} } = options;
  let found: { checkpoints: ComparedCheckpoint[]; skipped: string[]; lines: string[] } | undefined;
  const written = await inProbeFolder('checkpoints', options, async (write) => {
    const made = await checkpointMaps(sources, paths, options);
    const last = made.maps.at(-1) ?? [];
    const differences = made.maps.map((maps) =>
      maps.map(({ explanation }, at) => mapDifference(explanation, last[at]?.explanation as Explanation)),
    );
    const checkpoints: ComparedCheckpoint[] = [];
    for (const [number, { name, path, origin = path }] of sources.entries()) {
      const sha256 = await fileDigest(path);
      checkpoints.push({ name, path: origin, sha256, ...comparedMaps(made, differences[number] ?? [], number) });
    }
    const title = `${made.maps[0]?.[0]?.explanation.label} at ${made.layer.name}`;
    await write('checkpoints.png', checkpointSheet(made, differences, sources, style, title));
    const chance = mean(made.areas.flatMap((area) => area ?? []));
    const numbered = (value: (each: ComparedCheckpoint) => number | undefined) =>
      checkpoints.map((each, x) => ({ x: x + 1, y: value(each) ?? Number.NaN }));
    const axes = { xTitle: `checkpoint (${sources.length}, in their order)`, wholeX: true };
    await write(
      'score.png',
      linePlotPng({
        ...axes,
        title: `Mean score: ${title}`,
        yTitle: 'score',
        lines: [{ ...lineStyle(0), points: numbered(({ score }) => score) }],
      }),
    );
    if (chance !== undefined) {
      const lines = [
        { ...lineStyle(0), label: 'of the attention', points: numbered(({ inside }) => inside) },
        { ...lineStyle(1), label: 'of the area', points: numbered(() => chance) },
      ];
      await write(
        'inside.png',
        linePlotPng({
          ...axes,
          title: `Share inside the boxes: ${title}`,
          yTitle: 'share',
          y: { min: 0, max: 1 },
          lines,
        }),
      );
    }
    const [{ explanation: of }] = last as [CheckpointMap];
    const { rawHeight, rawWidth } = of;
    const numbers = differences.slice(0, -1).flatMap((row) => row.map(({ difference }) => difference));
    const all = new Float32Array(numbers.length * rawHeight * rawWidth);
    numbers.forEach((each, at) => all.set(each, at * rawHeight * rawWidth));
    await write('differences.npy', npyBytes(all, [sources.length - 1, made.paths.length, rawHeight, rawWidth]));
    found = { checkpoints, skipped: made.skipped, lines: linesOf(checkpoints, chance, made.paths.length) };
    const explained = {
      layer: made.layer,
      method: options.method ?? 'gradcam',
      target: made.maps[0]?.[0]?.explanation.label,
    };
    return {
      explained,
      ...(chance !== undefined && { boxes: { area: chance } }),
      checkpoints,
      skipped: made.skipped,
    };
  });
  return { ...written, ...(found ?? { checkpoints: [], skipped: [], lines: [] }) };
}

function comparedMaps({ maps, paths }: CheckpointMaps, differences: readonly MapDifference[], number: number) {
  const own = maps[number] ?? [];
  const inside = mean(own.flatMap(({ attention }) => attention?.inside ?? []));
  const correlation = mean(differences.flatMap((each) => each.correlation ?? []));
  return {
    score: mean(own.map(({ explanation }) => explanation.score)) ?? Number.NaN,
    ...(inside !== undefined && { inside }),
    difference: mean(differences.map((each) => each.mean)) ?? Number.NaN,
    ...(correlation !== undefined && { correlation }),
    pictures: own.map(({ explanation: { score, probability }, attention }, at) => ({
      picture: paths[at],
      score,
      ...(probability !== undefined && { probability }),
      ...(attention && { attention }),
      difference: differences[at]?.mean,
      correlation: differences[at]?.correlation,
    })),
  };
}

/** Two rows for each picture: the overlays, and below them the differences from the last. */
function checkpointSheet(
  { views, maps }: CheckpointMaps,
  differences: readonly (readonly MapDifference[])[],
  sources: readonly CheckpointSource[],
  style: MapStyle,
  title: string,
): Uint8Array {
  const cells = views.flatMap((view, at) => {
    const own = maps.map((each) => each[at]?.explanation as Explanation);
    const largest = largestOf(own);
    const sized = (map: Float32Array, { rawHeight, rawWidth }: Explanation) =>
      bilinearResized(map, rawHeight, rawWidth, view.height, view.width);
    const overlay = (each: Explanation): Picture =>
      overlaidPicture(
        view,
        sized(
          each.raw.map((value) => (largest > 0 ? value / largest : 0)),
          each,
        ),
        style,
      );
    const signed = (each: Explanation, number: number): Picture =>
      heatmapPicture(
        sized(differences[number]?.[at]?.difference as Float32Array, each),
        view.height,
        view.width,
        'diverging',
      );
    const above: SheetCell[] = own.map((each, number) => ({
      picture: overlay(each),
      caption: sources[number]?.name ?? '',
    }));
    const below: SheetCell[] = own.map((each, number) =>
      number === own.length - 1 ? {} : { picture: signed(each, number), caption: 'minus the last' },
    );
    return [{ picture: view, caption: 'picture' }, ...above, {}, ...below];
  });
  return sheetPng({ cells, columns: sources.length + 1, title });
}

function linesOf(checkpoints: readonly ComparedCheckpoint[], chance: number | undefined, pictures: number): string[] {
  return [
    `${checkpoints.length} checkpoints, ${pictures} ${pictures === 1 ? 'picture' : 'pictures'}, means:`,
    ...checkpoints.map(({ name, score, inside, difference, correlation }, at) => {
      const isLast = at === checkpoints.length - 1;
      return (
        `  ${name}: score ${formattedNumber(score)}` +
        (inside === undefined ? '' : `, ${(100 * inside).toFixed(1)} % inside the boxes`) +
        (isLast ? '' : `, |difference| from the last ${formattedNumber(difference)}`) +
        (isLast || correlation === undefined ? '' : `, correlation ${formattedNumber(correlation)}`)
      );
    }),
    ...(chance === undefined ? [] : [`  The boxes are ${(100 * chance).toFixed(1)} % of what the network sees`]),
  ];
}
