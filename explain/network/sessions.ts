/** @file Cache of sessions, with a count of their runs. */
import { openSession } from '#runtime';
import type { Session, SessionOptions, SessionTensor } from '../../inference/runtime/session.js';
import type { Model } from '../../onnx/graph/graph.js';
import { fastGradients } from '../../onnx/passes/fast/fast-gradients.js';

/**
 * What a run computes: a whole explanation, the forward pass, the gradient at layers, the forward and backward pass to the picture, the forward
 * pass from a layer on, or maps.
 */
const stageNames = ['whole', 'forward', 'backward', 'pictureGradient', 'fromLayer', 'maps'] as const;

/** A stage, as `Network.runs` counts them. */
export type Stage = (typeof stageNames)[number];

/** Size of the cache. Beyond it the least recently used session is released. */
const MAX_SESSIONS = 12;

/** Runs models, one session per model. */
export class Sessions {
  /** How often each stage has run. */
  readonly runs: Record<Stage, number>;
  readonly #options: SessionOptions;
  readonly #sessions = new Map<string, Promise<Session>>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.runs = Object.fromEntries(stageNames.map((stage) => [stage, 0])) as Record<Stage, number>;
  }

  /**
   * Runs a model. Its session is cached under the key.
   * @param feeds the model's inputs; other entries are ignored
   * @param outputs names of those to return, default all
   */
  async run(
    stage: Stage,
    key: string,
    model: Model,
    feeds: Readonly<Record<string, SessionTensor>>,
    outputs?: readonly string[],
  ) {
    const session = await this.#session(key, model);
    this.runs[stage]++;
    const used = session.inputNames.map((name) => [name, feeds[name] as SessionTensor] as const);
    return session.run(Object.fromEntries(used), outputs);
  }

  /** Frees all sessions. */
  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await (await session.catch(() => undefined))?.release();
  }

  async #session(key: string, model: Model): Promise<Session> {
    const known = this.#sessions.get(key);
    const session = known ?? openSession(fastGradients(model), { spinning: 'in runs', ...this.#options });
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (!known) {
      session.catch(() => {
        if (this.#sessions.get(key) === session) this.#sessions.delete(key);
      });
    }
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) {
      const released = await this.#sessions.get(oldest);
      this.#sessions.delete(oldest);
      await released?.release();
    }
    return session;
  }
}
