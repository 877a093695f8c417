/** @file Explanations as files: the figure, every heatmap as PNG and its raw values as .npy. */
import { basename, extname, join } from 'node:path';
import { npyBytes } from '../inference/npy.js';
import { encodedPng } from '../inference/pictures.node.js';
import type { Picture } from '../inference/pictures.js';
import { writeFileAtomic } from '../onnx/files.node.js';
import type { Explanation } from './explain.js';
import { figurePng, type FigureRow } from './figure.node.js';
import { methods } from './methods.js';
import { normalizedMap } from './normalize.js';
import { heatmapPicture, overlaidPicture } from './overlay.js';
import { emptyMapNote, verdict } from './verdict.js';

/** A picture that was explained, as `Explainer.view` shows it. */
export interface ViewedPicture {
  /** Its file, for labels and file names. */
  path: string;
  view: Picture;
}

/** More rows than this go to further figures, as nobody looks at longer ones. */
const MAX_ROWS = 12;

/**
 * Writes `figure.png` (`figure-1.png`, … where it takes several: rows with the same methods share one), with one row per picture and layer, and for each map
 * `<picture>-<layer>-<method>.png` at the size of the view and `.npy` with the raw values [h, w]. Names that would be the
 * same get a number.
 * @param explanations of these pictures, in the order `Explainer.explain` gives them
 * @returns the files
 */
export async function writeExplanations(
  folder: string,
  pictures: readonly ViewedPicture[],
  explanations: readonly Explanation[],
): Promise<string[]> {
  const taken = new Set<string>();
  const stems = pictures.map(({ path }) => uniqueName(fileName(basename(path, extname(path))), taken));
  const files: string[] = [];
  const rows = new Map<string, FigureRow>();
  for (const explanation of explanations) {
    const { picture: index, layer, method } = explanation;
    const { path, view } = pictures[index] as ViewedPicture;
    const map = normalizedMap(explanation.raw, explanation.rawHeight, explanation.rawWidth, view.height, view.width);
    const heatmap = heatmapPicture(map, view.height, view.width);
    const stem = uniqueName(`${stems[index]}-${fileName(layer.name)}-${method.replaceAll('+', 'p')}`, taken);
    const [png, npy] = [join(folder, `${stem}.png`), join(folder, `${stem}.npy`)];
    await writeFileAtomic(png, await encodedPng(heatmap));
    await writeFileAtomic(npy, npyBytes(explanation.raw, [explanation.rawHeight, explanation.rawWidth]));
    files.push(png, npy);
    const key = `${index} ${layer.value}`;
    const label = [basename(path), layer.name, verdict(explanation)];
    const row = rows.get(key) ?? { picture: view, label, maps: [] };
    const note = emptyMapNote(explanation);
    const shown = {
      method: methods[method].title,
      heatmap,
      overlay: overlaidPicture(view, map),
      ...(note && { note }),
    };
    rows.set(key, { ...row, maps: [...row.maps, shown] });
  }
  return [...(await writeFigures(folder, [...rows.values()])), ...files];
}

async function writeFigures(folder: string, rows: readonly FigureRow[]): Promise<string[]> {
  const columns = ({ maps }: FigureRow) => maps.map(({ method }) => method).join();
  const figures: FigureRow[][] = [];
  for (const shared of new Set(rows.map(columns))) {
    const alike = rows.filter((row) => columns(row) === shared);
    for (let start = 0; start < alike.length; start += MAX_ROWS) figures.push(alike.slice(start, start + MAX_ROWS));
  }
  const files = figures.map((_, i) => join(folder, figures.length === 1 ? 'figure.png' : `figure-${i + 1}.png`));
  for (const [i, file] of files.entries()) await writeFileAtomic(file, figurePng(figures[i] as FigureRow[]));
  return files;
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
