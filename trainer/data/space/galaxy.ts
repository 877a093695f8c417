/** @file Galaxies: discs with two spiral arms, and elliptical glows. */
import type { Random } from '../../../inference/numeric/random.js';
import { between, chosen, salt } from './chance.js';
import { cosine, falloff, fractalNoise, mixed, sine, smoothStep, type Canvas, type Colour } from './paint.js';

const CORES: readonly [Colour, ...Colour[]] = [
  [1, 0.86, 0.6],
  [1, 0.78, 0.5],
  [1, 0.93, 0.82],
];
const ARMS: readonly [Colour, ...Colour[]] = [
  [0.35, 0.55, 1],
  [0.5, 0.5, 1],
  [0.3, 0.75, 0.95],
  [0.85, 0.45, 0.8],
];

/** A disc seen under an angle: pixel → position in the plane of the disc, in units of its radius. */
function randomDisc(random: Random, flatness: number, radius: number) {
  const [cx, cy] = [between(random, -0.06, 0.06), between(random, -0.06, 0.06)];
  const turns = random.uniform();
  const [cos, sin] = [cosine(turns), sine(turns)];
  return (x: number, y: number): [number, number] => [
    ((x - cx) * cos + (y - cy) * sin) / radius,
    ((y - cy) * cos - (x - cx) * sin) / (radius * flatness),
  ];
}

/** Two arms that trail around a warm bulge. */
export function paintSpiralGalaxy(canvas: Canvas, random: Random): void {
  const flatness = between(random, 0.5, 1);
  const inPlane = randomDisc(random, flatness, between(random, 0.8, 0.95));
  const [core, arm] = [chosen(random, CORES), chosen(random, ARMS)];
  const winding = between(random, 1.1, 1.6) * chosen(random, [-1, 1]);
  const dustSalt = salt(random);
  canvas.within(0, 0, 1, (px, py, index) => {
    const [u, v] = inPlane(px, py);
    const squared = u * u + v * v;
    const r = Math.sqrt(squared) + 1e-9;
    if (r > 1.5) return;
    // cos 2(θ − φ(r)), with cos 2θ and sin 2θ from the coordinates.
    const phase = winding * Math.sqrt(r);
    const spiral = (((u * u - v * v) * cosine(phase) + 2 * u * v * sine(phase)) / (r * r) + 1) / 2;
    const clumps = fractalNoise(5 * u + 20, 5 * v, 0, dustSalt, 2);
    const disc = falloff(2.2 * squared) * smoothStep((1.25 - r) / 0.5);
    const arms = spiral * spiral * (0.55 + 0.9 * clumps) * smoothStep(r / 0.25);
    const bulge = falloff(30 * squared);
    canvas.add(index, mixed(core, arm, smoothStep(r / 0.5)), disc * (0.1 + 1.05 * arms));
    canvas.add(index, core, 1.5 * bulge + 0.35 * falloff(7 * squared));
  });
}

/** A smooth glow, brightest in the middle. */
export function paintEllipticalGalaxy(canvas: Canvas, random: Random): void {
  const inPlane = randomDisc(random, between(random, 0.45, 0.8), between(random, 0.75, 0.95));
  const core = chosen(random, CORES);
  const halo = mixed(core, [1, 0.5, 0.25], 0.5);
  canvas.within(0, 0, 1, (px, py, index) => {
    const [u, v] = inPlane(px, py);
    const squared = u * u + v * v;
    canvas.add(index, halo, 1.1 * falloff(3.6 * Math.sqrt(squared + 0.003)));
    canvas.add(index, core, 1.6 * falloff(30 * squared) + 0.6 * falloff(7 * squared));
  });
}
