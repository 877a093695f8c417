/** @file Superpixels: a picture in connected regions of one colour. */
import { blurredChannel } from '../gradients/baselines.js';
import type { Sizes } from '../kinds/method.js';
import { labColours } from './lab-colours.js';

/** Regions that are aimed at. */
const COUNT = 50;
/** How much nearness counts beside colour: m of the paper. */
const COMPACTNESS = 10;
const ITERATIONS = 10;
/** Standard deviation in pixels of the blur before: single pixels of noise would take regions apart. */
const BLUR = 1;

/** The region of each pixel. */
export interface Superpixels {
  /** [H, W], each of 0…count − 1, in the order of their first pixels. */
  labels: Int32Array;
  count: number;
}

/** Centre of a region: mean place, and mean colour. */
interface Centre {
  x: number;
  y: number;
  colour: Float64Array;
}

/**
 * SLIC (Achanta et al. 2012, algorithm 1): k-means of place and colour, each centre in a square of 2S around it, S the
 * spacing of their grid, D² = d_colour² + (d_place/S)²·m². Colours are CIELAB, of pictures without three channels 100 times their values, after the
 * picture was blurred by one pixel and scaled to 0…1 as scikit-image does. Regions are made connected; those smaller than S²/2 join a neighbour, as in scikit-image.
 * @param picture RGB [C, H, W], in any range
 * @param wanted regions that are aimed at
 */
export function superpixels(picture: Float32Array, sizes: Sizes, wanted = COUNT): Superpixels {
  const { height, width } = sizes;
  const colours = labColours(smoothed(picture, sizes), sizes);
  const spacing = Math.max(1, Math.sqrt((height * width) / wanted));
  const centres = initialCentres(colours, sizes, spacing);
  let labels = assigned(colours, sizes, centres, spacing);
  for (let turn = 1; turn < ITERATIONS; turn++) {
    moveToMeans(centres, colours, labels, sizes);
    labels = assigned(colours, sizes, centres, spacing);
  }
  return connected(labels, sizes, Math.floor((spacing * spacing) / 2));
}

function smoothed(picture: Float32Array, sizes: Sizes): Float32Array {
  const plane = sizes.height * sizes.width;
  const made = new Float32Array(picture.length);
  for (let start = 0; start < picture.length; start += plane)
    made.set(blurredChannel(picture.subarray(start, start + plane), sizes, BLUR), start);
  return made;
}

const colourAt = (colours: Float64Array, pixel: number, channels: number) =>
  colours.subarray(pixel * channels, (pixel + 1) * channels);

function squaredGap(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += ((a[at] as number) - (b[at] as number)) ** 2;
  return sum;
}

/** Centres on a grid, each moved to the least gradient of its 3×3 neighbours, so that none begins on an edge. */
function initialCentres(colours: Float64Array, { height, width, channels }: Sizes, spacing: number): Centre[] {
  const [rows, columns] = [height, width].map((side) => Math.max(1, Math.round(side / spacing))) as [number, number];
  const colour = (x: number, y: number) =>
    colourAt(colours, Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x)), channels);
  const gradient = (x: number, y: number) =>
    squaredGap(colour(x + 1, y), colour(x - 1, y)) + squaredGap(colour(x, y + 1), colour(x, y - 1));
  const centres: Centre[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = Math.floor(((column + 0.5) * width) / columns);
      const y = Math.floor(((row + 0.5) * height) / rows);
      let best = { x, y, gradient: gradient(x, y) };
      for (let near = y - 1; near <= y + 1; near++) {
        for (let beside = x - 1; beside <= x + 1; beside++) {
          if (near < 0 || beside < 0 || near >= height || beside >= width) continue;
          const own = gradient(beside, near);
          if (own < best.gradient) best = { x: beside, y: near, gradient: own };
        }
      }
      centres.push({ x: best.x, y: best.y, colour: colour(best.x, best.y).slice() });
    }
  }
  return centres;
}

/** The nearest centre of each pixel; −1 where none is near. */
function assigned(colours: Float64Array, sizes: Sizes, centres: readonly Centre[], spacing: number): Int32Array {
  const { height, width, channels } = sizes;
  const labels = new Int32Array(height * width).fill(-1);
  const distances = new Float64Array(height * width).fill(Number.POSITIVE_INFINITY);
  const nearness = (COMPACTNESS / spacing) ** 2;
  centres.forEach(({ x, y, colour }, label) => {
    const [top, bottom] = [Math.max(0, Math.ceil(y - spacing)), Math.min(height - 1, Math.floor(y + spacing))];
    const [left, right] = [Math.max(0, Math.ceil(x - spacing)), Math.min(width - 1, Math.floor(x + spacing))];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const pixel = row * width + column;
        const distance =
          squaredGap(colourAt(colours, pixel, channels), colour) + nearness * ((column - x) ** 2 + (row - y) ** 2);
        if (distance >= (distances[pixel] as number)) continue;
        distances[pixel] = distance;
        labels[pixel] = label;
      }
    }
  });
  return labels;
}

/** Moves each centre to the mean of its pixels; one without pixels stays. */
function moveToMeans(centres: Centre[], colours: Float64Array, labels: Int32Array, { width, channels }: Sizes): void {
  const sums = centres.map(() => ({ count: 0, x: 0, y: 0, colour: new Float64Array(channels) }));
  labels.forEach((label, pixel) => {
    const sum = sums[label];
    if (!sum) return;
    sum.count++;
    sum.x += pixel % width;
    sum.y += Math.floor(pixel / width);
    for (let c = 0; c < channels; c++)
      sum.colour[c] = (sum.colour[c] as number) + (colours[pixel * channels + c] as number);
  });
  sums.forEach(({ count, x, y, colour }, label) => {
    if (count > 0) centres[label] = { x: x / count, y: y / count, colour: colour.map((value) => value / count) };
  });
}

/**
 * Regions of connected pixels (4 neighbours), found in the order of rows. One that is smaller than `least` joins the region
 * beside its first pixel: the upper one, or else the left one; the very first, which has neither, the next region that it
 * touches in the order of rows.
 */
function connected(labels: Int32Array, { height, width }: Sizes, least: number): Superpixels {
  const found = new Int32Array(labels.length).fill(-1);
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (found[start] !== -1) continue;
    const left = start % width > 0 ? (found[start - 1] as number) : -1;
    const above = start >= width ? (found[start - width] as number) : -1;
    const beside = above !== -1 ? above : left;
    const own = [start];
    found[start] = count;
    for (const pixel of own) {
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      const near = [
        y > 0 && pixel - width,
        x > 0 && pixel - 1,
        x < width - 1 && pixel + 1,
        y < height - 1 && pixel + width,
      ];
      for (const next of near) {
        if (next === false || found[next] !== -1 || labels[next] !== labels[start]) continue;
        found[next] = count;
        own.push(next);
      }
    }
    if (own.length >= least || beside === -1) count++;
    else for (const pixel of own) found[pixel] = beside;
  }
  return withoutSmallFirst({ labels: found, count }, width, least);
}

/** The regions, of which the first joins the next one that it touches if it is small. */
function withoutSmallFirst({ labels, count }: Superpixels, width: number, least: number): Superpixels {
  const size = labels.reduce((sum, label) => sum + Number(label === 0), 0);
  if (size >= least || count === 1) return { labels, count };
  const touching = labels.findIndex((label, pixel) => {
    const isBeside = pixel % width > 0 && labels[pixel - 1] === 0;
    return label !== 0 && (isBeside || (pixel >= width && labels[pixel - width] === 0));
  });
  const joined = (labels[touching] as number) - 1;
  // The joined region holds the first pixel, so that it becomes the first.
  const order = (label: number) => (label === joined ? 0 : label < joined ? label + 1 : label);
  return { labels: labels.map((label) => order(label === 0 ? joined : label - 1)), count: count - 1 };
}
