/** @file The latents of points: of seeds, expressions, sums, and walks along directions. */
import { firstFeatureDirections, normalLatents } from 'ganscope/inference';
import { InputError, type Model } from 'ganscope/onnx';
import { evaluated } from '../../../inference/latent/arithmetic.js';
import { parsedExpression } from '../../../inference/parse/expression.js';
import { sumTerms, type Recipe } from './recipe.js';

/** Principal directions that are found. */
const COMPONENTS = 8;
/** How far the pad goes along a principal direction, in standard deviations, as `gan-sample --traverse`. */
const EXTENT = 3;
const MAX_KEPT = 256;

/** Finds the latents of points for one generator. */
export class Latents {
  readonly #kept = new Map<string, Float32Array>();
  #principal: Promise<Float32Array[]> | undefined;

  constructor(
    readonly latentDim: number,
    /** The generator's model, for its principal directions. */
    readonly model: Model,
    /** The class of a conditional generator. */
    readonly label?: number,
  ) {}

  /** The latent of a point [Z]. @throws InputError for a text that is no point */
  async of(recipe: Recipe): Promise<Float32Array> {
    const centre = await this.#centre(recipe.centre);
    const steps = [
      { direction: recipe.across, share: recipe.x },
      { direction: recipe.up, share: recipe.y },
    ].filter(({ share }) => share !== 0);
    const linear = new Float64Array(centre.length);
    const turned = Float64Array.from(centre);
    let length = norm(centre);
    for (const { direction, share } of steps) {
      const [kind, text] = kindOf(direction);
      if (kind === 'to') {
        // Between seeds the length goes from one's to the other's, as latents of that length are what the generator knows.
        const end = await this.#expression(text);
        end.forEach((value, i) => (turned[i] = (turned[i] as number) + share * (value - (centre[i] as number))));
        length += share * (norm(end) - norm(centre));
      } else {
        const way = await this.#direction(kind, text);
        way.forEach((value, i) => (linear[i] = (linear[i] as number) + share * value));
      }
    }
    const scale = length > 0 && norm(turned) > 0 ? length / norm(turned) : 1;
    return Float32Array.from(turned, (value, i) => value * scale + (linear[i] as number));
  }

  async #centre(centre: string): Promise<Float32Array> {
    const terms = sumTerms(centre);
    if (!terms) return this.#expression(centre);
    const sum = new Float64Array(this.latentDim);
    for (const { sign, recipe } of terms) {
      const own = await this.of(recipe);
      own.forEach((value, i) => (sum[i] = (sum[i] as number) + sign * value));
    }
    return Float32Array.from(sum);
  }

  async #direction(kind: string, text: string): Promise<Float32Array> {
    if (kind === 'pc') return this.#component(Number(text));
    const difference = await this.#expression(text);
    const size = norm(difference);
    // Half the length of a typical latent.
    const scale = size > 0 ? Math.sqrt(this.latentDim) / 2 / size : 0;
    return difference.map((value) => value * scale);
  }

  async #component(number: number): Promise<Float32Array> {
    this.#principal ??= firstFeatureDirections(
      this.model,
      this.latentDim,
      Math.min(COMPONENTS, this.latentDim),
      this.label === undefined ? {} : { label: this.label },
    ).then((found) => found.map(({ direction }) => direction.map((value) => value * EXTENT)));
    const found = (await this.#principal)[number - 1];
    if (!found) throw new InputError({ name: 'direction', expected: `pc:1…pc:${COMPONENTS}`, got: `pc:${number}` });
    return found;
  }

  async #expression(text: string): Promise<Float32Array> {
    const kept = this.#kept.get(text);
    if (kept) return kept;
    const seed = (number: number) => normalLatents([number], this.latentDim);
    const file = () => {
      throw new InputError({ name: 'point', expected: 'seeds', got: text });
    };
    const latent = evaluated(parsedExpression(text), { latentDim: this.latentDim, seed, file });
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(text, latent);
    return latent;
  }
}

function kindOf(direction: string): [kind: string, text: string] {
  const at = direction.indexOf(':');
  const [kind, text] = [direction.slice(0, at), direction.slice(at + 1)];
  if (['pc', 'to', 'along'].includes(kind) && text) return [kind, text];
  throw new InputError({ name: 'direction', expected: 'pc:…, to:… or along:…', got: direction });
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return Math.sqrt(sum);
}
