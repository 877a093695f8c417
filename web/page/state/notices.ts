/** @file What a part of the page is doing, and what went wrong there: told where it happens, and nothing else breaks. */
import { signal, type Signal } from '@preact/signals';

/** One line for a part of the page. */
export interface Notice {
  text: string;
  isError: boolean;
}

const NONE: Notice = { text: '', isError: false };

/** The parts that tell something. */
export type Place =
  | 'networks'
  | 'files'
  | 'system'
  | 'pad'
  | 'samples'
  | 'explain'
  | 'training'
  | 'arithmetic'
  | 'export';

/** The lines of all parts. */
export class Notices {
  readonly #lines = new Map<Place, Signal<Notice>>();

  /** The line of a part. */
  at(place: Place): Signal<Notice> {
    const line = this.#lines.get(place) ?? signal(NONE);
    this.#lines.set(place, line);
    return line;
  }

  /** Tells what a part does; nothing for an empty text. */
  tell(place: Place, text: string): void {
    this.at(place).value = text === '' ? NONE : { text, isError: false };
  }

  /** Tells what went wrong. */
  fail(place: Place, error: unknown): void {
    this.at(place).value = { text: error instanceof Error ? error.message : String(error), isError: true };
  }
}
