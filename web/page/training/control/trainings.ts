/** @file The trainings of the server: what they do, and asking for changes. */
import { signal } from '@preact/signals';
import type { TrainingInfo } from '../../../server/training/trainings.node.js';
import { knownToken } from './token.js';

/** What may be done with a training. */
export type Act = 'pause' | 'resume' | 'stop';

/** What the server allows, and the trainings that were started from a page since it runs. */
export interface Known {
  allowed: boolean;
  trainings: readonly TrainingInfo[];
}

/** The trainings, as they were last asked for. */
export class Trainings {
  readonly known = signal<Known>({ allowed: false, trainings: [] });

  /** Asks what the trainings do now. */
  async refresh(): Promise<void> {
    const response = await fetch('api/trainings').catch(() => undefined);
    if (!response?.ok) return;
    const found = (await response.json()) as Known;
    if (JSON.stringify(found) !== JSON.stringify(this.known.peek())) this.known.value = found;
  }

  /** Whether this page may start and stop trainings, or why not; undefined where nobody may. */
  get access(): 'allowed' | 'no token' | undefined {
    if (!this.known.value.allowed) return undefined;
    return knownToken() === undefined ? 'no token' : 'allowed';
  }

  /** Starts a new run. @throws Error with the server's reason */
  async start(run: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#post('', { run, settings });
  }

  /** Pauses, resumes or stops a training. @throws Error with the server's reason */
  async act(run: string, act: Act): Promise<void> {
    await this.#post(`/${encodeURIComponent(run)}/${act}`, {});
  }

  async #post(path: string, body: object): Promise<void> {
    const headers = { 'Content-Type': 'application/json', 'X-Studio-Token': knownToken() ?? '' };
    const response = await fetch(`api/trainings${path}`, { method: 'POST', headers, body: JSON.stringify(body) }).catch(
      () => {
        throw new Error('gan-studio does not answer: it was stopped');
      },
    );
    const text = await response.text();
    await this.refresh();
    if (!response.ok) throw new Error(text.trim());
  }
}
