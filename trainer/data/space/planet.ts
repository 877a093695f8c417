/** @file Planets: spheres with bands, continents or rock, lit from one side, some with rings. */
import type { Random } from '../../../inference/numeric/random.js';
import { between, chosen, salt } from './chance.js';
import { cosine, falloff, fractalNoise, mixed, rampColour, sine, smoothStep, unit } from './paint.js';
import type { Canvas, Colour } from './paint.js';

type Vector = readonly [number, number, number];

/** Colour of the surface at a point of the unit sphere; z points to the viewer. */
type Surface = (x: number, y: number, z: number) => Colour;

interface Planet {
  cx: number;
  cy: number;
  radius: number;
  /** Direction to the sun. */
  light: Vector;
  surface: Surface;
  atmosphere: Colour;
}

/** The plane of rings and bands: turned by `turns` in the picture, and so far tilted that circles look `flatness` as high as wide. */
interface Tilt {
  cos: number;
  sin: number;
  flatness: number;
  /** √(1 − flatness²). */
  steepness: number;
}

interface Palette {
  colours: readonly [Colour, Colour, ...Colour[]];
  atmosphere: Colour;
}

const BANDED: readonly [Palette, ...Palette[]] = [
  {
    colours: [
      [0.62, 0.36, 0.2],
      [0.88, 0.62, 0.38],
      [1, 0.9, 0.72],
    ],
    atmosphere: [0.9, 0.6, 0.35],
  }, // Jupiter
  {
    colours: [
      [0.78, 0.62, 0.36],
      [0.95, 0.82, 0.55],
      [1, 0.95, 0.78],
    ],
    atmosphere: [0.9, 0.75, 0.4],
  }, // Saturn
  {
    colours: [
      [0.1, 0.25, 0.72],
      [0.22, 0.5, 0.95],
      [0.65, 0.85, 1],
    ],
    atmosphere: [0.3, 0.55, 1],
  }, // Neptune
  {
    colours: [
      [0.2, 0.6, 0.66],
      [0.45, 0.82, 0.84],
      [0.8, 0.98, 0.95],
    ],
    atmosphere: [0.4, 0.85, 0.9],
  }, // Uranus
  {
    colours: [
      [0.45, 0.16, 0.42],
      [0.78, 0.36, 0.55],
      [1, 0.72, 0.7],
    ],
    atmosphere: [0.9, 0.4, 0.6],
  },
];

const ROCKY: readonly [Palette, ...Palette[]] = [
  {
    colours: [
      [0.42, 0.16, 0.08],
      [0.82, 0.4, 0.2],
      [0.98, 0.68, 0.42],
    ],
    atmosphere: [0.95, 0.5, 0.3],
  }, // Mars
  {
    colours: [
      [0.32, 0.32, 0.34],
      [0.62, 0.61, 0.6],
      [0.92, 0.91, 0.88],
    ],
    atmosphere: [0, 0, 0],
  }, // Moon
];

function randomTilt(random: Random, flatness: number): Tilt {
  const turns = between(random, -0.09, 0.02);
  return { cos: cosine(turns), sin: sine(turns), flatness, steepness: Math.sqrt(1 - flatness * flatness) };
}

/** A direction from the left or from above, 32° to 73° away from the viewer's, so that some night side is seen. */
function randomLight(random: Random): Vector {
  const turn = between(random, 0.48, 0.78);
  const z = between(random, 0.3, 0.85);
  const across = Math.sqrt(1 - z * z);
  return [across * cosine(turn), across * sine(turn), z];
}

/** Bands across the axis of `tilt`, wavy with turbulence. */
function bandedSurface(random: Random, { colours }: Palette, { cos, sin, flatness, steepness }: Tilt): Surface {
  const noiseSalt = salt(random);
  const bands = between(random, 1.2, 2);
  const phase = random.uniform();
  const waviness = between(random, 0.1, 0.3);
  return (x, y, z) => {
    const latitude = x * sin * steepness - y * cos * steepness + z * flatness;
    const longitude = x * cos + y * sin;
    const wave = fractalNoise(2.5 * longitude + 9, 6 * latitude, 2 * z, noiseSalt, 2) - 0.5;
    const turns = bands * latitude + phase + waviness * wave;
    return rampColour(colours, 0.5 + 0.38 * cosine(turns) + 0.2 * cosine(2.3 * turns + 0.2));
  };
}

function rockySurface(random: Random, { colours }: Palette): Surface {
  const noiseSalt = salt(random);
  return (x, y, z) => {
    const height = fractalNoise(2.1 * x, 2.1 * y, 2.1 * z, noiseSalt, 3);
    return rampColour(colours, 0.5 + 2.2 * (height - 0.5));
  };
}

/** Oceans, land and clouds. */
function earthlikeSurface(random: Random): Surface {
  const [landSalt, cloudSalt] = [salt(random), salt(random)];
  const land: readonly Colour[] = [
    [0.16, 0.48, 0.18],
    [0.3, 0.56, 0.22],
    [0.72, 0.6, 0.36],
  ];
  return (x, y, z) => {
    const height = fractalNoise(1.8 * x, 1.8 * y, 1.8 * z, landSalt, 3);
    const ocean: Colour = [0.06, 0.22 + 0.3 * height, 0.7];
    const ground = mixed(ocean, rampColour(land, 6 * (height - 0.5)), smoothStep((height - 0.46) / 0.1));
    const cloud = fractalNoise(2 * x, 4 * y, 2 * z, cloudSalt, 3);
    return mixed(ground, [1, 1, 1], 0.9 * smoothStep((cloud - 0.5) / 0.22));
  };
}

/** The lit disc with its soft edge, and the glow of its air over the edge on the day side. */
function paintBall(canvas: Canvas, { cx, cy, radius, light, surface, atmosphere }: Planet): void {
  canvas.within(cx, cy, 1.3 * radius, (px, py, index) => {
    const [dx, dy] = [(px - cx) / radius, (py - cy) / radius];
    const distance = Math.sqrt(dx * dx + dy * dy);
    const shrink = distance > 1 ? 1 / distance : 1;
    const [x, y] = [dx * shrink, dy * shrink];
    const z = Math.sqrt(Math.max(0, 1 - x * x - y * y));
    const day = smoothStep((x * light[0] + y * light[1] + z * light[2] + 0.12) / 0.95);
    const outside = Math.max(0, distance - 1);
    if (outside > 0) canvas.add(index, atmosphere, 0.55 * day * falloff(14 * outside));
    const opacity = unit(((1 - distance) * radius) / canvas.pixel + 0.5);
    if (opacity === 0) return;
    const haze = (1 - z) * (1 - z) * (1 - z) * 0.5;
    canvas.cover(index, mixed(surface(x, y, z), atmosphere, haze), 0.02 + 1.06 * day, opacity);
  });
}

interface Rings {
  inner: number;
  outer: number;
  gap: number;
  colour: Colour;
}

/** The half of the rings that lies before the planet or behind it, with the planet's shadow. */
function paintRings(canvas: Canvas, planet: Planet, tilt: Tilt, rings: Rings, front: boolean): void {
  const { cx, cy, radius, light } = planet;
  const { cos, sin, flatness, steepness } = tilt;
  const { inner, outer, gap, colour } = rings;
  canvas.within(cx, cy, outer * radius + canvas.pixel, (px, py, index) => {
    const [dx, dy] = [(px - cx) / radius, (py - cy) / radius];
    const along = dx * cos + dy * sin;
    const depth = (dy * cos - dx * sin) / flatness;
    if (depth > 0 !== front) return;
    const r = Math.sqrt(along * along + depth * depth);
    // Width of a pixel in units of r: 1 along the major axis, 1/flatness along the minor one.
    const slope = Math.sqrt(along * along + (depth * depth) / (flatness * flatness)) / Math.max(r, 1e-6);
    const blur = (slope * canvas.pixel) / radius;
    const edge = unit((r - inner) / blur + 0.5) * unit((outer - r) / blur + 0.5);
    const division = 1 - 0.85 * unit((0.05 - Math.abs(r - gap)) / blur + 0.5) * Math.min(1, 0.1 / blur);
    const density = edge * division;
    if (density <= 0) return;
    const point: Vector = [dx, dy, depth * steepness];
    const towardsSun = point[0] * light[0] + point[1] * light[1] + point[2] * light[2];
    const aside = Math.sqrt(Math.max(0, r * r - towardsSun * towardsSun));
    const shadow = towardsSun < 0 ? smoothStep((1.05 - aside) / 0.12) : 0;
    canvas.cover(index, colour, 0.95 - 0.85 * shadow, 0.92 * density);
  });
}

function randomBall(random: Random, from: number, to: number, surface: Surface, atmosphere: Colour): Planet {
  return {
    cx: between(random, -0.06, 0.06),
    cy: between(random, -0.06, 0.06),
    radius: between(random, from, to),
    light: randomLight(random),
    surface,
    atmosphere,
  };
}

/** A gas giant. */
export function paintBandedPlanet(canvas: Canvas, random: Random): void {
  const palette = chosen(random, BANDED);
  const surface = bandedSurface(random, palette, randomTilt(random, between(random, 0.05, 0.35)));
  paintBall(canvas, randomBall(random, 0.58, 0.72, surface, palette.atmosphere));
}

/** A planet of rock, a moon, or one with oceans. */
export function paintRockyPlanet(canvas: Canvas, random: Random): void {
  const palette = chosen<Palette | 'earthlike'>(random, [...ROCKY, 'earthlike']);
  const surface = palette === 'earthlike' ? earthlikeSurface(random) : rockySurface(random, palette);
  const atmosphere: Colour = palette === 'earthlike' ? [0.35, 0.6, 1] : palette.atmosphere;
  paintBall(canvas, randomBall(random, 0.58, 0.72, surface, atmosphere));
}

/** A gas giant with rings, lit so that the rings are seen. */
export function paintRingedPlanet(canvas: Canvas, random: Random): void {
  const palette = chosen(random, BANDED);
  const tilt = randomTilt(random, between(random, 0.26, 0.4));
  const surface = bandedSurface(random, palette, tilt);
  const planet = randomBall(random, 0.42, 0.46, surface, palette.atmosphere);
  const rings: Rings = {
    inner: between(random, 1.28, 1.4),
    outer: between(random, 1.95, 2.1),
    gap: between(random, 1.65, 1.72),
    colour: mixed(palette.colours[palette.colours.length - 1] ?? [1, 1, 1], [0.85, 0.78, 0.68], 0.5),
  };
  paintRings(canvas, planet, tilt, rings, false);
  paintBall(canvas, planet);
  paintRings(canvas, planet, tilt, rings, true);
}
