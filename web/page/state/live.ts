/** @file The picture at hand: a point of the latent space, or a picture of the user's; and its newest frame. */
import { batch, computed, effect, signal } from '@preact/signals';
import type { MethodName, PaletteName } from 'ganscope/explain';
import type { Picture } from 'ganscope/inference';
import type { Engine } from '../engine/calls.js';
import { latestOnly } from '../engine/client.js';
import type { Frame, FrameRequest, Strip } from '../engine/frames.js';
import type { Models } from './models.js';
import type { Address } from './address.js';
import type { Pictures } from './pictures.js';
import { FIRST, rounded, type Recipe } from '../engine/recipe.js';

/** The colours of a palette. */
export interface Colours {
  table: Uint8Array;
  signed: boolean;
}

/** What the page looks at, and what the networks make of it. */
export class Live {
  /** The newest frame. */
  readonly frame = signal<Frame | undefined>(undefined);
  /** Why there is none. */
  readonly problem = signal('');
  /** The strips of the generator, which stay while D looks at another picture. */
  readonly generatorStrips = signal<readonly Strip[]>([]);
  /** The generated picture, likewise. */
  readonly generated = signal<Picture | undefined>(undefined);
  readonly latent = signal<Float32Array | undefined>(undefined);
  readonly colours = signal<Colours | undefined>(undefined);
  /** The colours of feature maps. */
  readonly mapColours = signal<Colours | undefined>(undefined);
  /** Frames in the last second. */
  readonly rate = signal(0);
  /** How many parts of the page show the layers. */
  readonly watchers = signal(0);
  readonly #times: number[] = [];

  /** The point of the latent space. */
  readonly recipe = computed<Recipe>(() => ({
    centre: this.address.get('centre', FIRST.centre),
    across: this.address.get('across', FIRST.across),
    up: this.address.get('up', FIRST.up),
    x: coordinate(this.address.get('x')),
    y: coordinate(this.address.get('y')),
  }));

  /** A loop through points that is being played, and the place on it, 0…1. */
  readonly path = signal<{ recipes: readonly Recipe[]; at: number } | undefined>(undefined);

  /** The id of the picture that D looks at instead; empty for the generated one. */
  readonly real = computed(() => this.address.get('real'));

  readonly palette = computed(() => this.address.get('palette', 'turbo') as PaletteName);
  readonly method = computed(() => this.address.get('method', 'gradcam'));
  /** The layer whose channels are all shown: in `g:` or `d:`, or empty. */
  readonly opened = computed(() => this.address.get('look'));

  constructor(
    readonly engine: Engine,
    readonly address: Address,
    readonly models: Models,
    readonly pictures: Pictures,
  ) {
    const next = latestOnly<() => Promise<FrameRequest | undefined>>(async (request) => {
      try {
        const asked = await request();
        if (!asked) return;
        const frame = await this.engine.frame(asked);
        this.#take(frame);
        this.problem.value = '';
        this.#count();
      } catch (error) {
        this.problem.value = error instanceof Error ? error.message : String(error);
      }
    });
    effect(() => {
      if (this.models.generator.value) this.pictures.forgetPoints();
    });
    effect(() => {
      const request = this.#request();
      if (request) next(request);
      else this.frame.value = undefined;
    });
    void this.engine.palette('magma').then((found) => (this.mapColours.value = found));
    effect(() => {
      const name = this.palette.value;
      void this.engine.palette(name).then((found) => {
        if (name === this.palette.peek()) this.colours.value = found;
      });
    });
  }

  /** Goes to a point; moves of one drag or key are undone together. */
  go(recipe: Partial<Recipe>, kind = ''): void {
    const { x, y, ...rest } = recipe;
    const defaults: Record<string, string> = { centre: FIRST.centre, across: FIRST.across, up: FIRST.up };
    const own = Object.entries(rest).map(([name, value]) => [name, value === defaults[name] ? '' : value] as const);
    this.address.change(
      {
        ...Object.fromEntries(own),
        ...(x !== undefined && { x: x === 0 ? '' : rounded(x) }),
        ...(y !== undefined && { y: y === 0 ? '' : rounded(y) }),
        real: '',
      },
      kind,
    );
  }

  /** Goes to a point that was kept: one without a walk of its own leaves the pad's directions as they are. */
  visit(recipe: Recipe): void {
    const { centre, x, y } = recipe;
    this.go(x === 0 && y === 0 ? { centre, x, y } : recipe);
  }

  /** Has D look at one of the pictures. */
  show(id: string): void {
    this.address.change({ real: id });
  }

  #take(frame: Frame): void {
    if (!this.frame.peek()) performance.mark('ganscope:first-picture');
    batch(() => {
      this.frame.value = frame;
      if (frame.latent === undefined) return;
      this.latent.value = frame.latent;
      this.generated.value = frame.picture;
      this.generatorStrips.value = frame.generator;
    });
  }

  /** What the next frame is of; read within an effect. */
  #request(): (() => Promise<FrameRequest | undefined>) | undefined {
    const { generator, explainer } = this.models;
    const [recipe, real, path] = [this.recipe.value, this.real.value, this.path.value];
    const shown = real === '' ? undefined : this.pictures.find(real);
    if (!generator.value && !(shown && explainer.value)) return undefined;
    const method = this.method.value;
    const known = explainer.value?.info.methods.some(({ name }) => name === method);
    const rest = {
      layer: this.address.get('layer'),
      target: this.address.get('target'),
      palette: this.palette.value,
      inside: this.watchers.value > 0,
      whole: this.opened.value.slice(2),
      ...(known && { method: method as MethodName }),
    };
    return async () => {
      if (!shown) {
        const subject = path ? { path: path.recipes, at: path.at } : { recipe };
        return generator.peek() ? { ...rest, subject } : undefined;
      }
      const picture: Picture = await shown.picture();
      return { ...rest, subject: { picture } };
    };
  }

  #count(): void {
    const now = performance.now();
    this.#times.push(now);
    while ((this.#times[0] ?? now) < now - 1000) this.#times.shift();
    this.rate.value = this.#times.length;
  }
}

function coordinate(text: string): number {
  const value = Number(text);
  return value >= -1 && value <= 1 ? value : 0;
}
