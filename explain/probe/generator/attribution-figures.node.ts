/** @file Figures of a generator's attribution: the latent's numbers, features and directions. */
import { chartDrawing } from '../../../inference/figures/charts/chart.node.js';
import { drawingPng } from '../../../inference/figures/drawing.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { sheetPng, type SheetCell } from '../../../inference/figures/sheet.node.js';
import { light } from '../../../inference/figures/theme.js';
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { heatmapPicture } from '../../figures/overlay.js';
import { factorTo, framedPicture, type PixelBox } from '../shared/box.js';
import { MOVES, type FeaturePart, type GeneratorAttribution } from './attribution.js';

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

/** A bar for each number of the latent, up where it brightens the region; the strongest are named. */
export function latentChart({ latentEffects }: GeneratorAttribution, title: string): Uint8Array {
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
      { title, xTitle: 'number of the latent', yTitle: 'change of brightness for one unit' },
      { x: { min: -1, max: latentEffects.length, whole: true, roomy: true } },
    ),
  );
}

/** The picture with its region, and the parts of the strongest features on one scale: red brightens, blue darkens. */
export function featureSheet(attribution: GeneratorAttribution, box: PixelBox, title: string): Uint8Array | undefined {
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
    return framedPicture(heatmapPicture(sized, picture.height, picture.width, 'diverging'), box, factor);
  };
  const largest = (maps: readonly Float32Array[]) =>
    maps.reduce((most, map) => map.reduce((a, b) => Math.max(a, Math.abs(b)), most), 0);
  const scale = largest(shown.map(mapOf));
  const total = sum.reduce((a, b) => a + b, 0);
  const cells: SheetCell[] = [
    { picture: framedPicture(picture, box, factor), caption: 'the region' },
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
