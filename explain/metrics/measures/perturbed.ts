/** @file Infidelity and sensitivity: whether a map predicts small changes of the picture, and is stable under them. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { mean, type Metric } from './metric.js';

const INFIDELITY_SAMPLES = 50;
/** Standard deviation of the changes, in units of a picture prepared as for ImageNet. */
const CHANGE = 0.2;
const SENSITIVITY_SAMPLES = 10;
/** Largest change of a number, in the same units. */
const RADIUS = 0.02;

/** Σ of a picture [C, H, W] times a map [H, W]. */
function dotOfPlanes(picture: Float32Array, map: Float32Array): number {
  let sum = 0;
  for (let start = 0; start < picture.length; start += map.length) {
    for (let at = 0; at < map.length; at++) sum += (picture[start + at] as number) * (map[at] as number);
  }
  return sum;
}

/** Metrics of Yeh et al. 2019. */
export const perturbedMetrics = {
  /**
   * Eq. 2, E[(β·IᵀΦ − (f(x) − f(x − I)))²] for the score f and normal changes I of σ = 0.2. Maps have no scale of their own:
   * β is the best one, E[IᵀΦ·Δf] / E[(IᵀΦ)²], as with Captum's `normalize`.
   */
  infidelity: {
    title: 'Infidelity',
    better: 'lower',
    async measure({ input, unit, attribution, scores, normal, shared }) {
      const { changes, actual } = await shared(async () => {
        const drawn = Array.from({ length: INFIDELITY_SAMPLES }, () => input.map(() => CHANGE * unit * normal()));
        const changed = drawn.map((change) => input.map((value, i) => value - (change[i] as number)));
        const [whole = Number.NaN, ...others] = await scores(concatenated([input, ...changed]));
        return { changes: drawn, actual: others.map((score) => whole - score) };
      });
      const predicted = changes.map((change) => dotOfPlanes(change, attribution));
      const squares = mean(predicted.map((value) => value ** 2));
      const scale = squares === 0 ? 0 : mean(predicted.map((value, i) => value * (actual[i] ?? 0))) / squares;
      return { value: mean(predicted.map((value, i) => (scale * value - (actual[i] ?? 0)) ** 2)) };
    },
  },
  /** Eq. 3, max ‖Φ(y) − Φ(x)‖ / ‖Φ(x)‖ over ten pictures y with ‖y − x‖∞ ≤ 0.02, drawn uniformly. */
  'max-sensitivity': {
    title: 'Max-sensitivity',
    better: 'lower',
    async measure({ input, unit, map, maps, uniform, shared }) {
      const pictures = await shared(async () =>
        concatenated(
          Array.from({ length: SENSITIVITY_SAMPLES }, () =>
            input.map((value) => value + RADIUS * unit * (2 * uniform() - 1)),
          ),
        ),
      );
      const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
      const size = norm(map);
      const distances = (await maps(pictures)).map((other) => norm(other.map((value, i) => value - (map[i] ?? 0))));
      const largest = Math.max(...distances);
      return { value: largest === 0 ? 0 : largest / size };
    },
  },
} as const satisfies Record<string, Metric>;
