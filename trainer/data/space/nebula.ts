/** @file Nebulae: clouds of gas in two colours around young stars. */
import type { Random } from '../../../inference/numeric/random.js';
import { between, chosen, salt } from './chance.js';
import { falloff, fractalNoise, mixed, smoothStep, type Canvas, type Colour } from './paint.js';

/** Colours of the outer and the inner gas. */
const GASES: readonly [readonly [Colour, Colour], ...(readonly [Colour, Colour])[]] = [
  [
    [0.75, 0.12, 0.3],
    [1, 0.6, 0.45],
  ],
  [
    [0.2, 0.25, 0.85],
    [0.85, 0.5, 0.95],
  ],
  [
    [0.05, 0.5, 0.6],
    [0.7, 0.95, 0.75],
  ],
  [
    [0.8, 0.3, 0.1],
    [0.35, 0.75, 0.85],
  ],
];

/** A cloud that thins out towards the edges, its noise displaced by noise (Quilez 2002, domain warping). */
export function paintNebula(canvas: Canvas, random: Random): void {
  const [cx, cy] = [between(random, -0.12, 0.12), between(random, -0.12, 0.12)];
  const radius = between(random, 0.75, 0.95);
  const [outer, inner] = chosen(random, GASES);
  const [warpSalt, gasSalt] = [salt(random), salt(random)];
  canvas.within(0, 0, 1, (x, y, index) => {
    const [u, v] = [(x - cx) / radius, (y - cy) / radius];
    const warp = fractalNoise(1.6 * u + 7, 1.6 * v, 0, warpSalt, 2) - 0.5;
    const gas = fractalNoise(1.9 * u + 1.8 * warp, 1.9 * v - 1.8 * warp + 30, 0, gasSalt, 4);
    const squared = u * u + v * v;
    const density = smoothStep((gas - 0.36) / 0.36) * falloff(1.6 * squared * (0.6 + squared));
    canvas.add(index, mixed(outer, inner, smoothStep(1.25 * density)), 1.25 * density);
    canvas.add(index, inner, 0.55 * falloff(16 * squared));
  });
}
