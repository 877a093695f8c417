/** @file Explanations as files: heatmaps, overlays and raw values of every map, and figures of all. */
import { basename, extname, join } from 'node:path';
import { npyBytes } from '../../inference/numeric/npy.js';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { resizedPicture, sourceArea } from '../../inference/pictures/resize.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import { contactSheetPng } from '../figures/contact-sheet.node.js';
import { drawnMap } from '../maps/drawn-map.js';
import type { Explanation } from '../maps/explanation.js';
import { figurePng, type FigureRow } from '../figures/figure.node.js';
import { explainsLayer, methods } from '../methods/table.js';
import { placedHeatmap, placedOverlay, type MapStyle } from '../figures/overlay.js';
import { isSigned } from '../figures/palette.js';
import { placedMap } from '../maps/placement.js';
import { emptyMapNote, verdict } from '../figures/verdict.js';

/** A picture that was explained. */
export interface ExplainedPicture {
  /** Its file, for labels and file names. */
  path: string;
  picture: Picture;
}

/** The files of one map. */
export interface MapFiles {
  /** The map in colours, and laid over the picture: at the picture's own size. */
  heatmap: string;
  overlay: string;
  /** Its values before they were scaled [rawHeight, rawWidth]: after the ReLU, or signed where the palette is. */
  values: string;
}

/** More rows than this go to further figures, as nobody looks at longer ones. */
const MAX_ROWS = 12;
/** More methods than this go to a contact sheet. */
const MAX_METHODS = 4;
/** Pixels of a figure's pictures. */
const FIGURE_SIDE = 400;

/** Writes maps picture by picture; no more than a figure's rows are held in memory. */
export class ExplanationFiles {
  readonly #taken = new Set<string>();
  #rows: FigureRow[] = [];
  #figures = 0;

  /**
   * @param folder made where it is missing; existing files are replaced
   * @param input how the network takes pictures, which says what part of one it saw
   */
  constructor(
    readonly folder: string,
    readonly input: NetworkInput,
    readonly style: MapStyle = {},
  ) {}

  /**
   * Writes `<picture>-<layer>-<method>.png`, `…-overlay.png` and `….npy` for each map. Names that would be the same get a
   * number.
   * @param explanations of this picture
   * @returns the files of each map; figures come with `finish`
   */
  async add({ path, picture }: ExplainedPicture, explanations: readonly Explanation[]): Promise<MapFiles[]> {
    const stem = uniqueName(fileName(basename(path, extname(path))), this.#taken);
    const files: MapFiles[] = [];
    for (const explanation of explanations) {
      const { layer, method } = explanation;
      const name = `${stem}-${fileName(layer.name)}-${method.replaceAll('+', 'p')}`;
      files.push(await this.#writeMap(uniqueName(name, this.#taken), picture, explanation));
    }
    await this.#addRows({ path, picture }, explanations);
    return files;
  }

  /** Writes the last figure. @returns the files of all figures */
  async finish(): Promise<string[]> {
    if (this.#rows.length > 0) await this.#writeFigure();
    return Array.from({ length: this.#figures }, (_, i) => this.#figurePath(i));
  }

  async #writeMap(stem: string, picture: Picture, explanation: Explanation): Promise<MapFiles> {
    const { raw, signed, rawHeight, rawWidth } = explanation;
    const map = this.#placed(picture, picture, explanation);
    const [heatmap, overlay, values] = ['.png', '-overlay.png', '.npy'].map((end) =>
      join(this.folder, `${stem}${end}`),
    ) as [string, string, string];
    await writeFileAtomic(heatmap, await encodePng(placedHeatmap(map, picture, this.style.palette)));
    await writeFileAtomic(overlay, await encodePng(placedOverlay(picture, map, this.style)));
    await writeFileAtomic(values, npyBytes(this.#isSigned ? signed : raw, [rawHeight, rawWidth]));
    return { heatmap, overlay, values };
  }

  get #isSigned(): boolean {
    return isSigned(this.style.palette ?? 'jet');
  }

  /** The map on a picture of any size and of the original's aspect. */
  #placed(shown: Picture, original: Picture, explanation: Explanation) {
    const area = sourceArea(original, this.input.picture);
    const [across, down] = [shown.width / original.width, shown.height / original.height];
    const scaled = { x: area.x * across, y: area.y * down, width: area.width * across, height: area.height * down };
    return placedMap(drawnMap(explanation, this.#isSigned), shown, scaled, this.#isSigned);
  }

  /** Rows of the figure, one for each target and layer; methods that explain the picture itself join the row of a single layer. */
  async #addRows({ path, picture }: ExplainedPicture, explanations: readonly Explanation[]): Promise<void> {
    const factor = Math.min(1, FIGURE_SIDE / Math.max(picture.width, picture.height));
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * factor)));
    const shown = resizedPicture(picture, { width: width ?? 1, height: height ?? 1, channels: 3, resize: 'squash' });
    const layers = new Set(explanations.filter(({ method }) => explainsLayer(method)).map(({ layer }) => layer.name));
    const [only] = layers.size === 1 ? layers : [];
    const rows = new Map<string, FigureRow & { maps: FigureRow['maps'][number][] }>();
    for (const explanation of explanations) {
      const { layer, method } = explanation;
      const place = only ?? layer.name;
      const key = `${explanation.label}\n${place}`;
      const row = rows.get(key) ?? { picture: shown, label: [basename(path), place, verdict(explanation)], maps: [] };
      const map = this.#placed(shown, picture, explanation);
      // A signed palette shows contributions that are all negative.
      const shows = this.#isSigned && explanation.reason === 'all contributions negative';
      const note = shows ? undefined : emptyMapNote(explanation);
      row.maps.push({
        method: methods[method].title,
        heatmap: placedHeatmap(map, shown, this.style.palette),
        overlay: placedOverlay(shown, map, this.style),
        ...(note && { note }),
      });
      rows.set(key, row);
    }
    for (const row of rows.values()) {
      this.#rows.push(row);
      if (this.#rows.length === MAX_ROWS) await this.#writeFigure();
    }
  }

  async #writeFigure(): Promise<void> {
    const names = new Set(this.#rows.map(({ maps }) => maps.map(({ method }) => method).join('\n')));
    const many = names.size > 1 || this.#rows.some(({ maps }) => maps.length > MAX_METHODS);
    const { palette = 'jet' } = this.style;
    const png = (many ? contactSheetPng : figurePng)(this.#rows, { palette });
    await writeFileAtomic(this.#figurePath(this.#figures++), png);
    this.#rows = [];
  }

  #figurePath(index: number): string {
    return join(this.folder, index === 0 ? 'figure.png' : `figure-${index + 1}.png`);
  }
}

/** Letters, digits and a few signs, at most 80, so that any file system takes it. */
function fileName(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 80) || 'picture';
}

/** The name, or with the first free number from 2 on; capital letters do not tell names apart. */
function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let next = 2; taken.has(unique.toLowerCase()); next++) unique = `${name}-${next}`;
  taken.add(unique.toLowerCase());
  return unique;
}
