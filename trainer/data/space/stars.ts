/** @file Stars: the background of every space picture, and the pictures of one bright star or of a cluster. */
import type { Random } from '../../../inference/numeric/random.js';
import { between, chosen } from './chance.js';
import { cosine, falloff, sine, type Canvas, type Colour } from './paint.js';

const STAR_COLOURS: readonly [Colour, ...Colour[]] = [
  [0.75, 0.85, 1],
  [1, 1, 1],
  [1, 0.9, 0.7],
  [1, 0.75, 0.5],
];

/** A point of light with a soft edge; where it is smaller than a pixel, the pixel gets darker instead. */
function paintStar(canvas: Canvas, x: number, y: number, radius: number, colour: Colour, brightness: number): void {
  const width = Math.max(radius, 0.6 * canvas.pixel);
  const light = brightness * Math.sqrt(radius / width);
  canvas.within(x, y, 2.5 * width, (px, py, index) => {
    const squared = ((px - x) * (px - x) + (py - y) * (py - y)) / (width * width);
    canvas.add(index, colour, light * falloff(squared));
  });
}

/** `count` small stars all over the picture, most of them faint. */
export function paintBackgroundStars(canvas: Canvas, random: Random, count: number): void {
  for (let star = 0; star < count; star++) {
    const [x, y] = [between(random, -1, 1), between(random, -1, 1)];
    const strength = random.uniform();
    const colour = chosen(random, STAR_COLOURS);
    paintStar(canvas, x, y, 0.012 + 0.016 * strength * strength, colour, 0.25 + 0.6 * strength * strength);
  }
}

/** One star with a halo and the four spikes of a mirror telescope. */
export function paintBrightStar(canvas: Canvas, random: Random): void {
  const [x, y] = [between(random, -0.12, 0.12), between(random, -0.12, 0.12)];
  const glow = chosen<Colour>(random, [
    [0.35, 0.55, 1],
    [1, 0.6, 0.2],
    [1, 0.35, 0.2],
  ]);
  const core = between(random, 0.1, 0.16);
  const spikeLength = between(random, 3.2, 4.5);
  const spikeWidth = Math.max(0.022, 0.4 * canvas.pixel);
  canvas.within(x, y, 2, (px, py, index) => {
    const [dx, dy] = [Math.abs(px - x), Math.abs(py - y)];
    const distance = Math.sqrt(dx * dx + dy * dy);
    const spikes =
      falloff(dx * spikeLength) * falloff((dy * dy) / (spikeWidth * spikeWidth)) +
      falloff(dy * spikeLength) * falloff((dx * dx) / (spikeWidth * spikeWidth));
    canvas.add(index, glow, 0.9 * falloff(distance * 4) + 0.7 * spikes);
    canvas.add(index, [1, 0.97, 0.92], 1.8 * falloff((distance * distance) / (core * core)) + 0.6 * spikes);
  });
}

/** A globular cluster: many stars, ever denser towards the middle, in their common glow. */
export function paintCluster(canvas: Canvas, random: Random): void {
  const [cx, cy] = [between(random, -0.1, 0.1), between(random, -0.1, 0.1)];
  const radius = between(random, 0.6, 0.8);
  const glow: Colour = [1, 0.82, 0.6];
  canvas.within(cx, cy, 2, (x, y, index) => {
    const squared = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (radius * radius);
    canvas.add(index, glow, 0.75 * falloff(9 * squared) + 0.22 * falloff(2.5 * squared));
  });
  for (let star = 0; star < 110; star++) {
    const [turn, distance] = [random.uniform(), random.uniform()];
    const r = radius * distance * Math.sqrt(distance);
    const colour = chosen(random, STAR_COLOURS);
    paintStar(canvas, cx + r * cosine(turn), cy + r * sine(turn), 0.022, colour, between(random, 0.25, 0.8));
  }
}
