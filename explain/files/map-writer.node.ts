/** @file Writes the maps and figures of explained pictures, and records them in the journal. */
import { basename, extname } from 'node:path';
import { shownPath, shownText } from '../../inference/files/copies.node.js';
import type { Explanation } from '../maps/explanation.js';
import { Budget } from '../../inference/runtime/budget.js';
import { FigureFiles } from './pictures/figure-files.node.js';
import type { Journal, JournalEntry } from './journal.node.js';
import { mapFiles, writeMap, type Look, type MapFiles } from './pictures/map-files.node.js';
import { resultOf, type MapResult } from './map-result.js';
import { fileName, UniqueNames } from './names.js';
import type { DecodedFile } from './picture-groups.node.js';

/** Files, and the explanations of those that are pictures by their positions in the list. */
export interface ExplainedGroup {
  files: DecodedFile[];
  explanations: ReadonlyMap<number, readonly Explanation[]>;
  /** Time per map; undefined where none is told. */
  milliseconds: number | undefined;
}

/** A line of the journal: a picture with its maps, a skipped one, or how many figures hold all pictures until here. */
export type MapEntry = JournalEntry &
  (
    | { picture: string; stamp: string; maps: MapResult[] }
    | { picture: string; stamp: string; reason: string }
    | { figures: number }
  );

/** Where lines go. */
export type MapJournal = Pick<Journal<MapEntry>, 'append' | 'entries'>;

/** Callbacks, and the number of pictures. */
export interface WriterProgress {
  total: number;
  progress_callback: ((progress: { loaded: number; total: number; path: string }) => void) | undefined;
  onMap: ((path: string, explanation: Explanation) => void) | undefined;
}

interface WriterOptions {
  shown?: (files: MapFiles) => MapFiles;
  mostFigures?: number;
}

/** Pixels of the pictures that are drawn in parallel, and the least that a picture counts. */
const DRAWN_PIXELS = 32_000_000;
const LEAST_PIXELS = 4_000_000;

/** Writes pictures in the order they come; the files of several maps at a time. */
export class MapWriter {
  readonly #budget = new Budget(DRAWN_PIXELS);
  readonly #names = new UniqueNames();
  /** Pictures that the journal says are in figures. */
  #inFigures = 0;
  readonly #figures: FigureFiles;
  /** Resolves when everything started so far is in the journal. */
  #written: Promise<void> = Promise.resolve();
  /** Files that are being written. */
  readonly #running = new Set<Promise<void>>();
  #lastTurn: Promise<void> = Promise.resolve();
  #done = 0;

  private constructor(
    readonly folder: string,
    readonly look: Look,
    readonly journal: MapJournal,
    figures: number,
    readonly progress: WriterProgress,
    readonly shown: (files: MapFiles) => MapFiles,
    most: number | undefined,
  ) {
    this.#figures = new FigureFiles(folder, look, figures, most);
  }

  /**
   * @param before the journal, and how many figures its pictures are in
   * @param options.shown what results call a map's files; by default what they are called
   * @param options.mostFigures how many figures there may be
   */
  static async create(
    folder: string,
    look: Look,
    { journal, figures }: { journal: MapJournal; figures: number },
    progress: WriterProgress,
    { shown = (files: MapFiles) => files, mostFigures }: WriterOptions = {},
  ): Promise<MapWriter> {
    const writer = new MapWriter(folder, look, journal, figures, progress, shown, mostFigures);
    for await (const entry of journal.entries()) {
      writer.#done = Math.max(writer.#done, entry.done);
      if ('figures' in entry) writer.#inFigures = entry.done;
      if (!('maps' in entry)) continue;
      writer.#stemOf(entry.picture);
      for (const { files } of entry.maps) writer.#names.take(basename(files.heatmap, '.png'));
    }
    return writer;
  }

  /** Writes all files of a group. */
  async write({ files, explanations, milliseconds }: ExplainedGroup): Promise<void> {
    for (const file of files) {
      const entry = { done: file.index + 1, picture: shownPath(file.path), stamp: file.stamp };
      if ('reason' in file) this.#then([], { ...entry, reason: shownText(file.reason) });
      else this.#begin(file, entry, explanations.get(file.index) ?? [], milliseconds);
      this.#done = entry.done;
    }
    await this.#written;
  }

  /** Writes the last figure. @param complete whether no pictures follow in a resumed job */
  async finish(complete: boolean): Promise<void> {
    const last = this.#figures.take();
    await this.#written;
    await last();
    // A resumed job may have lost no more than its results.json.
    if (complete && this.#inFigures < this.#done)
      await this.journal.append({ done: this.#done, figures: this.#figures.count });
  }

  /** Waits until nothing is being written any more, also after a failure, and ends the thread that draws figures. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#figures.end();
  }

  /** The files of all figures. */
  get figures(): string[] {
    return this.#figures.files;
  }

  #stemOf(path: string): string {
    return this.#names.take(fileName(basename(path, extname(path))));
  }

  /** Begins to write a picture's files. */
  #begin(
    { path, picture }: Extract<DecodedFile, { picture: unknown }>,
    entry: { done: number; picture: string; stamp: string },
    explanations: readonly Explanation[],
    milliseconds: number | undefined,
  ): void {
    const stem = this.#stemOf(path);
    const maps = explanations.map((explanation) => {
      const { layer, method } = explanation;
      const name = this.#names.take(`${stem}-${fileName(layer.name)}-${method.replaceAll('+', 'p')}`);
      const files = mapFiles(this.folder, name, explanation.standardError !== undefined);
      return { explanation, files, result: resultOf(entry.picture, explanation, milliseconds, this.shown(files)) };
    });
    const pixels = Math.max(LEAST_PIXELS, picture.width * picture.height);
    const count = this.#figures.count;
    const { before, own, drawn } = this.#figures.add({ path, picture }, explanations);
    const tasks = maps.map(({ explanation, files }) =>
      this.#begun(pixels, async () => {
        await this.#turn();
        await writeMap(files, picture, explanation, this.look, drawn.get(explanation));
      }),
    );
    if (before) this.#then([this.#begun(LEAST_PIXELS, before)], { done: entry.done - 1, figures: count + 1 });
    const figures = own.map((figure) => this.#begun(LEAST_PIXELS, figure));
    this.#then([...tasks, ...figures], { ...entry, maps: maps.map(({ result }) => result) }, () => {
      for (const { explanation } of maps) this.progress.onMap?.(path, explanation);
      this.progress.progress_callback?.({ loaded: entry.done, total: this.progress.total, path });
    });
  }

  /** Resolves after earlier turns and what else waits for this thread: between two maps, the network gets its next pictures. */
  #turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#lastTurn;
  }

  /** Begins a task as soon as memory allows; its error is thrown to who awaits it. */
  #begun(size: number, task: () => Promise<void>): Promise<void> {
    const result = this.#budget.run(size, task);
    const ended = result.catch(() => undefined).finally(() => this.#running.delete(ended));
    this.#running.add(ended);
    return result;
  }

  /** Adds a line to the journal once the tasks, and the lines before it, are done. */
  #then(tasks: readonly Promise<unknown>[], entry: MapEntry, told: () => void = () => {}): void {
    const all = Promise.all(tasks);
    const before = this.#written;
    this.#written = (async () => {
      await Promise.all([before, all]);
      await this.journal.append(entry);
      told();
    })();
    this.#written.catch(() => undefined);
  }
}
