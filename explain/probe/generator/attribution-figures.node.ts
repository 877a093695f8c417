/** @file Figures of a generator's attribution: the latent's numbers, features and directions. */
import { chartDrawing } from '../../../inference/figures/charts/chart.node.js';
import { drawingPng } from '../../../inference/figures/drawing.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { sheetPng, type SheetCell } from '../../../inference/figures/sheet.node.js';
import { light } from '../../../inference/figures/theme.js';
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { rgbPicture, type Picture } from '../../../inference/pictures/pictures.js';
import { enlargedPicture } from '../../../inference/pictures/resize.js';
import { heatmapPicture } from '../../figures/overlay.js';
import { factorTo, framedPicture, type PixelBox } from '../shared/box.js';
import { MOVES, type GeneratorAttribution } from './attribution.js';
import type { FeaturePart } from './feature-parts.js';

/** Numbers of the latent that the chart names, and features that are shown. */
const NAMED = 6;
const SHOWN = 8;
/** Pictures are enlarged to at least so many pixels. */
const SIDE = 192;

/** A number with its sign. */
export const signedNumber = (value: number): string => (value > 0 ? '+' : '') + formattedNumber(value);

/** Numbers of the latent by the size of their effect, largest first. */
export function strongestEffects(effects: Float32Array): { index: number; effect: number }[] {
  return Array.from(effects, (effect, index) => ({ index, effect })).toSorted(
    (a, b) => Math.abs(b.effect) - Math.abs(a.effect) || a.index - b.index,
  );
}

/**
 * A bar for each number of the latent, up where it raises what is explained; the strongest are named.
 * @param what is explained, such as `brightness`
 */
export function latentChart(latentEffects: Float32Array, title: string, what: string): Uint8Array {
  const named = strongestEffects(latentEffects).slice(0, NAMED);
  const strong = new Set(named.map(({ index }) => index));
  const bars = (isStrong: boolean, colour: string) => ({
    data: Array.from(latentEffects, (y, x) => ({ x, y })).filter(({ x }) => strong.has(x) === isStrong),
    backgroundColor: colour,
    barThickness: Math.max(1, Math.min(14, Math.floor(640 / latentEffects.length))),
    grouped: false,
  });
  const [strongest, others] = [light.series[0], `${light.series[8]}90`];
  const label = `strongest: ${named.map(({ index, effect }) => `z${index} ${signedNumber(effect)}`).join(', ')}`;
  return drawingPng(
    chartDrawing(
      {
        type: 'bar',
        datasets: [bars(true, strongest), bars(false, others)],
        legend: [
          { label, colour: strongest, kind: 'bar' },
          { label: 'others', colour: others, kind: 'bar' },
        ],
      },
      { title, xTitle: 'number of the latent', yTitle: `change of ${what} for one unit` },
      { x: { min: -1, max: latentEffects.length, whole: true, roomy: true } },
    ),
  );
}

/**
 * The picture with its region if there is one, and the parts of the strongest features on one scale: red raises what is
 * explained (brightness, a score), blue lowers it.
 */
export function featureSheet(
  attribution: Pick<GeneratorAttribution, 'picture' | 'features'>,
  box: PixelBox | undefined,
  title: string,
): Uint8Array | undefined {
  const { picture, features } = attribution;
  if (!features) return undefined;
  const [count, height, width] = features.layer.sizes;
  const plane = height * width;
  const shown = features.parts.slice(0, SHOWN);
  const mapOf = ({ feature }: FeaturePart) => features.maps.subarray(feature * plane, (feature + 1) * plane);
  const sum = new Float32Array(plane);
  features.maps.forEach((value, at) => (sum[at % plane] = (sum[at % plane] as number) + value));
  const factor = factorTo(picture, SIDE);
  const drawn = (map: Float32Array, scale: number) => {
    const scaled = map.map((value) => (scale === 0 ? 0 : value / scale));
    const sized = bilinearResized(scaled, height, width, picture.height, picture.width);
    return shownPicture(heatmapPicture(sized, picture.height, picture.width, 'diverging'), box, factor);
  };
  const largest = (maps: readonly Float32Array[]) =>
    maps.reduce((most, map) => map.reduce((a, b) => Math.max(a, Math.abs(b)), most), 0);
  const scale = largest(shown.map(mapOf));
  const total = sum.reduce((a, b) => a + b, 0);
  const cells: SheetCell[] = [
    { picture: shownPicture(picture, box, factor), caption: box ? 'the region' : 'the picture' },
    { picture: drawn(sum, largest([sum])), caption: `all ${count}: ${signedNumber(total)}` },
    ...shown.map((part) => ({
      picture: drawn(mapOf(part), scale),
      caption: `feature ${part.feature}: ${signedNumber(part.part)}`,
    })),
  ];
  return sheetPng({ cells, columns: 5, title });
}

/** A row for each direction: the picture moved along it. */
export function directionSheet(
  { directions }: GeneratorAttribution,
  box: PixelBox,
  distance: number,
  title: string,
): Uint8Array {
  const cells = directions.flatMap(({ pictures, strength, insideShare }, row) =>
    pictures.map((picture, at): SheetCell => {
      const move = (MOVES[at] as number) * distance;
      const what = `${row + 1}: ${formattedNumber(strength)} a unit, ${(100 * insideShare).toFixed(0)} % inside`;
      return {
        picture: framedPicture(picture, box, factorTo(picture, SIDE)),
        caption: move === 0 ? what : `${signedNumber(move)}`,
      };
    }),
  );
  return sheetPng({ cells, columns: MOVES.length, title });
}

/** A picture enlarged, with a frame around a box if there is one. */
const shownPicture = (picture: Picture, box: PixelBox | undefined, factor: number): Picture =>
  box ? framedPicture(picture, box, factor) : enlargedPicture(rgbPicture(picture), factor);

/** One row: the picture moved along the gradient of a score, with the score of each. */
export function scoreSheet(moved: readonly { move: number; picture: Picture; score: number }[], title: string) {
  const cells = moved.map(({ move, picture, score }): SheetCell => {
    const where = move === 0 ? 'the picture' : signedNumber(move);
    return {
      picture: enlargedPicture(rgbPicture(picture), factorTo(picture, SIDE)),
      caption: `${where}: ${formattedNumber(score)}`,
    };
  });
  return sheetPng({ cells, columns: cells.length, title });
}
