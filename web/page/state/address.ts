/** @file What the page shows, as settings in its address: a link shows the same, and each change can be undone. */
import { computed, signal, type ReadonlySignal } from '@preact/signals';

/** Settings by name; those at their default are missing. */
export type Settings = Readonly<Record<string, string>>;

/** Changes of the same kind that follow within this time are undone together, in milliseconds. */
const TOGETHER = 1000;
const MOST_UNDONE = 200;
/** Milliseconds between writes of the address: browsers refuse more than about three per second. */
const WRITE_EVERY = 400;

/** The settings of an address's fragment. */
export function parsedSettings(fragment: string): Settings {
  return Object.fromEntries(new URLSearchParams(fragment.replace(/^#/, '')));
}

/** The fragment of settings; those that are empty are left out. */
export function settingsText(settings: Settings): string {
  const entries = Object.entries(settings).filter(([, value]) => value !== '');
  return new URLSearchParams(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))).toString();
}

/** The settings of the page, or of a part that is embedded elsewhere and has no address of its own. */
export class Address {
  readonly #settings = signal<Settings>({});
  readonly #before = signal<readonly Settings[]>([]);
  readonly #after = signal<readonly Settings[]>([]);
  readonly canUndo = computed(() => this.#before.value.length > 0);
  readonly canRedo = computed(() => this.#after.value.length > 0);
  #last: { kind: string; time: number } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly page?: Window) {
    if (!page) return;
    this.#settings.value = parsedSettings(page.location.hash);
    page.addEventListener('hashchange', () => {
      const settings = parsedSettings(page.location.hash);
      if (settingsText(settings) !== settingsText(this.#settings.peek())) this.#remember(settings, 'address');
    });
  }

  /** A setting, or its default. */
  get(name: string, otherwise = ''): string {
    return this.#settings.value[name] ?? otherwise;
  }

  /** A setting that follows changes. */
  of(name: string, otherwise = ''): ReadonlySignal<string> {
    return computed(() => this.get(name, otherwise));
  }

  /** The text of all settings, as it stands in the address. */
  readonly text = computed(() => settingsText(this.#settings.value));

  /**
   * Changes settings; an empty one goes back to its default.
   * @param kind changes of the same kind in a row, such as those of one drag, are undone together
   */
  change(settings: Settings, kind = ''): void {
    const merged = { ...this.#settings.peek(), ...settings };
    const next = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
    if (settingsText(next) !== settingsText(this.#settings.peek())) this.#remember(next, kind);
  }

  /** Goes back to the settings before the last change. */
  undo(): void {
    this.#step(this.#before, this.#after);
  }

  /** Takes an undo back. */
  redo(): void {
    this.#step(this.#after, this.#before);
  }

  #remember(next: Settings, kind: string): void {
    const now = performance.now();
    const goesOn = kind !== '' && this.#last?.kind === kind && now - this.#last.time < TOGETHER;
    if (!goesOn) this.#before.value = [...this.#before.peek(), this.#settings.peek()].slice(-MOST_UNDONE);
    this.#after.value = [];
    this.#last = { kind, time: now };
    this.#show(next);
  }

  #step(from: { value: readonly Settings[] }, to: { value: readonly Settings[] }): void {
    const next = from.value.at(-1);
    if (!next) return;
    from.value = from.value.slice(0, -1);
    to.value = [...to.value, this.#settings.peek()];
    this.#last = undefined;
    this.#show(next);
  }

  #show(settings: Settings): void {
    this.#settings.value = settings;
    if (!this.page || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const { history, location } = this.page as Window;
      history.replaceState(null, '', `${location.pathname}${location.search}#${this.text.peek()}`);
    }, WRITE_EVERY);
  }
}
