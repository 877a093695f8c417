/** @file Writes figures of many pictures, a few rows per file. */
import { basename, join } from 'node:path';
import { LAYOUT_DPI } from '../../../inference/figures/files.node.js';
import { MAX_SIDE } from '../../../inference/figures/theme.js';
import { resizedPicture } from '../../../inference/pictures/resize.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import type { FigureRow } from '../../figures/figure.node.js';
import { emptyMapNote, verdict } from '../../figures/verdict.js';
import type { Explanation } from '../../maps/explanation.js';
import { drawnMap } from '../../figures/drawn-map.js';
import { explainsLayer, methods } from '../../methods/table.js';
import { drawingOf, drawnFigure, FigureThread, type FigureContent } from './drawn-figure.node.js';
import { drawnPictures, showsSigned, type DrawnPictures, type ExplainedPicture, type Look } from './map-files.node.js';

/** Largest number of rows in a figure. */
const MAX_ROWS = 12;
/** Pixels of a figure's pictures. */
const FIGURE_SIDE = 400;

/** Writes a figure. */
export type FigureWriter = () => Promise<void>;

interface AddedRows {
  before?: FigureWriter;
  own: FigureWriter[];
  drawn: ReadonlyMap<Explanation, DrawnPictures>;
}

/**
 * Collects rows into figures. A picture's rows stay together as far as a figure can hold them; no more than a figure's rows
 * are held in memory.
 */
export class FigureFiles {
  #rows: FigureRow[] = [];
  #count: number;
  readonly #thread = new FigureThread();

  /**
   * @param written how many figures of the same job are there already
   * @param most how many figures there may be: rows that do not fit into these are in none
   */
  constructor(
    readonly folder: string,
    readonly look: Look,
    written: number,
    readonly most = Number.POSITIVE_INFINITY,
  ) {
    this.#count = written;
  }

  /** How many figures there are, those that wait for being written included. */
  get count(): number {
    return this.#count;
  }

  /** The files of these figures. */
  get files(): string[] {
    return Array.from({ length: this.#count }, (_, i) => this.#path(i));
  }

  /**
   * Adds a picture's maps.
   * @returns figures that are whole now: the one of earlier pictures, if there is no room left in it, and full ones of this;
   *   and maps that were drawn at the picture's own size and scale
   */
  add(picture: ExplainedPicture, explanations: readonly Explanation[]): AddedRows {
    if (this.#count >= this.most) return { own: [], drawn: new Map() };
    const { rows, drawn } = figureRows(picture, explanations, this.look);
    const before = this.#rows.length > 0 && !this.#fits([...this.#rows, ...rows]) ? this.#whole() : undefined;
    const own: FigureWriter[] = [];
    for (const row of rows) {
      if (this.#rows.length > 0 && !this.#fits([...this.#rows, row])) own.push(this.#whole());
      if (this.#count < this.most) this.#rows.push(row);
    }
    return { ...(before && { before }), own, drawn };
  }

  /** The figure of the last rows. */
  take(): FigureWriter {
    return this.#taken(drawnFigure);
  }

  /** The figure of the rows until now; others follow while it is drawn. */
  #whole(): FigureWriter {
    return this.#taken((content) => this.#thread.drawn(content));
  }

  #taken(drawn: (content: FigureContent) => Promise<Uint8Array>): FigureWriter {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length === 0) return async () => {};
    const path = this.#path(this.#count++);
    const content = this.#content(rows);
    return async () => writeFileAtomic(path, await drawn(content));
  }

  /** Ends the thread in which figures are drawn. */
  end(): Promise<void> {
    return this.#thread.end();
  }

  /** Whether rows make one figure: few enough, and not longer than a picture can be. */
  #fits(rows: readonly FigureRow[]): boolean {
    const { dpi = 2 * LAYOUT_DPI } = this.look.figures;
    return rows.length <= MAX_ROWS && (dpi / LAYOUT_DPI) * drawingOf(this.#content(rows)).height <= MAX_SIDE;
  }

  #content(rows: readonly FigureRow[]): FigureContent {
    const { style, figures } = this.look;
    return { rows, palette: style.palette ?? 'jet', figures };
  }

  #path(index: number): string {
    return join(this.folder, `figure${index === 0 ? '' : `-${index + 1}`}.${this.look.figures.format ?? 'png'}`);
  }
}

/** Longest label of a target in a figure; results.json has all of it. */
const LABEL_LENGTH = 72;

/** The label without the end of a long class name, so that score and probability have room. */
function shortLabel(label: string): string {
  if (label.length <= LABEL_LENGTH) return label;
  return `${label.slice(0, LABEL_LENGTH).trimEnd()}…${label.endsWith(')') ? ')' : ''}`;
}

/** The largest value of a map that is drawn, of signed maps the largest absolute value. */
function largestOf(explanation: Explanation, signed: boolean): number {
  const { data } = drawnMap(explanation, signed);
  return data.reduce((most, value) => Math.max(most, signed ? Math.abs(value) : value), 0);
}

/** One row for each target and layer; methods that explain the picture itself join the row of a single layer. */
function figureRows(
  { path, picture }: ExplainedPicture,
  explanations: readonly Explanation[],
  look: Look,
): { rows: FigureRow[]; drawn: ReadonlyMap<Explanation, DrawnPictures> } {
  const factor = Math.min(1, FIGURE_SIDE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * factor)));
  const shown = resizedPicture(picture, { width: width ?? 1, height: height ?? 1, channels: 3, resize: 'squash' });
  const layers = new Set(explanations.filter(({ method }) => explainsLayer(method)).map(({ layer }) => layer.name));
  const [only] = layers.size === 1 ? layers : [];
  const placeOf = ({ layer }: Explanation) => only ?? layer.name;
  // Targets may have the same label, such as masks of one name.
  const targets = [...new Set(explanations.map(({ target }) => target))];
  const keyOf = (explanation: Explanation) => `${targets.indexOf(explanation.target)}\n${placeOf(explanation)}`;
  const largest = new Map<string, number>();
  for (const explanation of look.figures.sameScale ? explanations : []) {
    const key = keyOf(explanation);
    largest.set(key, Math.max(largest.get(key) ?? 0, largestOf(explanation, showsSigned(look.style))));
  }
  const drawn = new Map<Explanation, DrawnPictures>();
  const rows = new Map<string, FigureRow & { maps: FigureRow['maps'][number][] }>();
  for (const explanation of explanations) {
    const { method } = explanation;
    const [place, key] = [placeOf(explanation), keyOf(explanation)];
    const row = rows.get(key) ?? {
      picture: shown,
      label: [basename(path), place, verdict({ ...explanation, label: shortLabel(explanation.label) })],
      maps: [],
    };
    // A signed palette shows contributions that are all negative.
    const shows = showsSigned(look.style) && explanation.reason === 'all contributions negative';
    const note = shows ? undefined : emptyMapNote(explanation);
    const pictures = drawnPictures(shown, picture, explanation, look, largest.get(key));
    if (shown === picture && !largest.has(key)) drawn.set(explanation, pictures);
    row.maps.push({ method: methods[method].title, ...pictures, ...(note && { note }) });
    rows.set(key, row);
  }
  return { rows: [...rows.values()], drawn };
}
