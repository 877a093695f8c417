/** @file Sessions that are made once and kept, and a count of what they have run. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { createdSession, type ResolvedDevice } from '../inference/session.node.js';
import type { Model } from '../onnx/graph.js';

/** Sessions that are kept; the least recently used one goes. */
const MAX_SESSIONS = 12;

/** Runs models, each in a session of its own. */
export class Sessions<Stage extends string> {
  /** How often each stage has run. */
  readonly runs: Record<Stage, number>;
  readonly #device: ResolvedDevice;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(device: ResolvedDevice, stages: readonly Stage[]) {
    this.#device = device;
    this.runs = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>;
  }

  /**
   * Runs a model whose session is kept under the key.
   * @param feeds its inputs; others are passed over
   */
  async run(stage: Stage, key: string, model: Model, feeds: Readonly<Record<string, Tensor>>) {
    const session = await this.#session(key, model);
    this.runs[stage]++;
    const used = session.inputNames.map((name) => [name, feeds[name] as Tensor] as const);
    return session.run(Object.fromEntries(used));
  }

  /** Frees all sessions. */
  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await (await session).release();
  }

  async #session(key: string, model: Model): Promise<InferenceSession> {
    const known = this.#sessions.get(key);
    const session = known ?? createdSession(model, { device: this.#device });
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) {
      const released = await this.#sessions.get(oldest);
      this.#sessions.delete(oldest);
      await released?.release();
    }
    return session;
  }
}
