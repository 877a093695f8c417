/** @file The frames of the film, one for each checkpoint: made one after the other and kept. */
import { signal } from '@preact/signals';
import type { Picture } from 'ganscope/inference';
import type { RunDetails, KeptCheckpoint } from '../../../server/runs/details.node.js';
import type { Attention, AttentionRequest } from '../../engine/attention.js';
import type { Engine } from '../../engine/calls.js';

/** What the frames are of. */
export interface FilmWish {
  run: string;
  checkpoints: readonly KeptCheckpoint[];
  real: readonly Picture[];
  seeds: readonly number[];
  method: AttentionRequest['method'];
  layer: string;
  target: AttentionRequest['target'];
}

/** The most frames of a film; of more checkpoints an even selection. */
const MOST_FRAMES = 60;
/** Real pictures, and generated ones. */
export const PICTURES = 4;

/** The frames that are made so far, by the name of the checkpoint. */
export type Frames = ReadonlyMap<string, Attention>;

/** Makes and keeps frames. */
export class AttentionWork {
  readonly frames = signal<Frames>(new Map());
  readonly told = signal('');
  readonly problem = signal('');
  #key = '';
  #turn = 0;

  constructor(readonly engine: Engine) {}

  /** Makes the frames that are wanted and missing; a later call takes over. */
  async make(wish: FilmWish): Promise<void> {
    const { checkpoints, ...rest } = wish;
    const turn = ++this.#turn;
    const key = JSON.stringify({
      ...rest,
      real: rest.real.map(({ data }) => data.reduce((sum, each) => (sum * 31 + each) | 0, 7)),
    });
    if (key !== this.#key) this.frames.value = new Map();
    this.#key = key;
    this.problem.value = '';
    const order = coarseFirst(checkpoints);
    const missing = order.filter(({ name }) => !this.frames.peek().has(name));
    for (const [at, checkpoint] of missing.entries()) {
      this.told.value = `Looking through checkpoint ${at + 1} of ${missing.length}…`;
      try {
        const made = await this.engine.attention(requestOf(checkpoint, wish));
        // What was begun is kept also if the list of checkpoints has changed meanwhile.
        if (key === this.#key) this.frames.value = new Map([...this.frames.peek(), [checkpoint.name, made]]);
        if (turn !== this.#turn) return;
      } catch (error) {
        if (turn !== this.#turn) return;
        // A checkpoint that was removed meanwhile is no longer in the next list.
        this.problem.value = `step ${checkpoint.step}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    this.told.value = '';
  }

  /** Stops after the frame that is being made. */
  stop(): void {
    this.#turn++;
    this.told.value = '';
  }
}

/** The checkpoints that a film has frames of. */
export function filmed(checkpoints: readonly KeptCheckpoint[]): KeptCheckpoint[] {
  if (checkpoints.length <= MOST_FRAMES) return [...checkpoints];
  const last = checkpoints.length - 1;
  return Array.from(
    { length: MOST_FRAMES },
    (_, i) => checkpoints[Math.round((i * last) / (MOST_FRAMES - 1))] as KeptCheckpoint,
  );
}

/** The fixed real pictures of a run: the first of its grid, or built-in ones, which are the data of runs without data. */
export async function realPictures(engine: Engine, { name, real, data, settings }: RunDetails): Promise<Picture[]> {
  const size = settings['imageSize'];
  if (typeof size !== 'number') return [];
  if (real) {
    const response = await fetch(`runs/${encodeURIComponent(name)}/real.png`);
    if (!response.ok) throw new Error(`real.png: gan-studio answered ${response.status}`);
    const grid = await engine.decode(new Uint8Array(await response.arrayBuffer()), 'real.png');
    return Array.from({ length: PICTURES }, (_, i) => cellOf(grid, i, size));
  }
  if (data !== undefined) return [];
  return Promise.all(Array.from({ length: PICTURES }, (_, i) => engine.real(i, size)));
}

/** Pixels between the pictures of a grid, and around it. */
const GAP = 2;

/** A picture of the first row of a grid. */
function cellOf({ width, channels, data }: Picture, index: number, size: number): Picture {
  const left = GAP + index * (size + GAP);
  const rows = Array.from({ length: size }, (_, y) => {
    const start = ((GAP + y) * width + left) * channels;
    return data.subarray(start, start + size * channels);
  });
  const own = new Uint8Array(size * size * channels);
  rows.forEach((row, y) => own.set(row, y * size * channels));
  return { width: size, height: size, channels, data: own };
}

function requestOf({ name }: KeptCheckpoint, wish: FilmWish): AttentionRequest {
  const { run, real, seeds, method, layer, target } = wish;
  const addressOf = (role: string) =>
    new URL(`runs/${encodeURIComponent(run)}/checkpoints/${name}/${role}.onnx`, location.href).href;
  return {
    generator: addressOf('generator'),
    discriminator: addressOf('discriminator'),
    real,
    seeds,
    method,
    layer,
    target,
  };
}

/** The last, the first, then those in the middle of what is made: the film is coarse first. */
function coarseFirst<T>(all: readonly T[]): T[] {
  const order = new Set<number>(all.length > 0 ? [all.length - 1, 0] : []);
  for (let step = all.length; step >= 1; step = Math.floor(step / 2)) {
    for (let at = 0; at < all.length; at += step) order.add(at);
  }
  return [...order].map((at) => all[at] as T);
}
