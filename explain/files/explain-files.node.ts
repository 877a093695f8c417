/** @file Picture files in, maps and results.json out: any number of pictures, a few in memory at a time. */
import { join } from 'node:path';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import { InputError } from '../../onnx/errors.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import { Explainer, type ExplainOptions } from '../maps/explain.js';
import type { Explanation } from '../maps/explanation.js';
import { ExplanationFiles, type ExplainedPicture, type MapFiles } from './output.node.js';
import type { MapStyle } from '../figures/overlay.js';
import type { ClassRegion, Target } from '../targets/targets.js';
import { choicePerPicture } from '../targets/target-choice.js';
import { emptyMapNote } from '../figures/verdict.js';

/** How files are explained. */
export interface ExplainFilesOptions extends ExplainOptions {
  /** Folder for what is written. */
  out: string;
  style?: MapStyle;
  /** What results.json says of how it came about, such as the model's file and the version. */
  provenance?: Readonly<Record<string, unknown>>;
  /** Called after each picture. */
  progress_callback?: (progress: { loaded: number; total: number; path: string }) => void;
  /** Called for each map as it is written. */
  onMap?: (path: string, explanation: Explanation) => void;
  /** Stops after the pictures at hand; what was made until then is written. */
  signal?: AbortSignal;
}

/** One map in results.json. */
export interface MapResult {
  picture: string;
  layer: { name: string; op: string; index?: number };
  method: string;
  target: Exclude<Target, ClassRegion> | { class: number; region: unknown };
  /** The target in words. */
  label: string;
  score: number;
  probability?: number;
  /** Least and largest value before the ReLU. */
  range: [number, number];
  /** Why the map shows nothing, and what to try. */
  reason?: string;
  note?: string;
  /** Time of the run that made it, divided by the maps of that run. */
  milliseconds: number;
  files: MapFiles;
}

/** What was made. */
export interface ExplainedFiles {
  maps: MapResult[];
  /** Files that could not be read as pictures, where there are others. */
  skipped: { picture: string; reason: string }[];
  /** Figures, and results.json last. */
  files: string[];
}

/** Pictures explained together, and how many pixels they may have in all. */
const GROUP = 8;
const GROUP_PIXELS = 64_000_000;

/**
 * Explains picture files and writes every map (`ExplanationFiles`), figures and `results.json`. Of several pictures,
 * those that cannot be read are left out and named in the result.
 * @throws InputError if there is no picture that can be read, or an option does not fit the network
 */
export async function explainFiles(
  explainer: Explainer,
  paths: readonly string[],
  options: ExplainFilesOptions,
): Promise<ExplainedFiles> {
  const { out, style, provenance, progress_callback, onMap, signal, ...explaining } = options;
  const targets = choicePerPicture(explaining.targets, paths.length);
  const writer = new ExplanationFiles(out, explainer.input, style);
  const maps: MapResult[] = [];
  const skipped: ExplainedFiles['skipped'] = [];
  let loaded = 0;
  while (loaded < paths.length && !signal?.aborted) {
    const group = await decodedGroup(paths, loaded, skipped);
    loaded = group.end;
    if (group.pictures.length === 0) continue;
    const own = group.pictures.flatMap(({ index }) => targets[index] ?? []);
    const started = performance.now();
    const explanations = await explainer.explain(
      group.pictures.map(({ picture }) => picture),
      { ...explaining, ...(own.length > 0 && { targets: own }) },
    );
    const milliseconds = (performance.now() - started) / explanations.length;
    for (const [at, picture] of group.pictures.entries()) {
      const mine = explanations.filter((explanation) => explanation.picture === at);
      const files = await writer.add(picture, mine);
      mine.forEach((explanation, i) => {
        maps.push(resultOf(picture.path, explanation, milliseconds, files[i] as MapFiles));
        onMap?.(picture.path, explanation);
      });
      progress_callback?.({ loaded: picture.index + 1, total: paths.length, path: picture.path });
    }
  }
  if (maps.length === 0 && skipped[0]) throw new InputError(skipped[0].reason);
  const files = await writer.finish();
  const results = join(out, 'results.json');
  await writeFileAtomic(results, `${JSON.stringify({ ...provenance, maps, skipped }, null, 1)}\n`);
  return { maps, skipped, files: [...files, results] };
}

/** The next pictures that fit into memory together, and the position after them. */
async function decodedGroup(paths: readonly string[], start: number, skipped: ExplainedFiles['skipped']) {
  const pictures: (ExplainedPicture & { index: number })[] = [];
  let [pixels, end] = [0, start];
  while (end < paths.length && pictures.length < GROUP && pixels < GROUP_PIXELS) {
    const path = paths[end] as string;
    try {
      const picture = await decodePicture(path);
      pixels += picture.width * picture.height;
      pictures.push({ path, picture, index: end });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      skipped.push({ picture: path, reason: error.message });
    }
    end++;
  }
  return { pictures, end };
}

function resultOf(picture: string, explanation: Explanation, milliseconds: number, files: MapFiles): MapResult {
  const { layer, method, target, label, score, probability, signed, reason } = explanation;
  const note = emptyMapNote(explanation);
  const { name, op, index } = layer;
  return {
    picture,
    layer: { name, op, ...(index !== undefined && { index }) },
    method,
    target: plainTarget(target),
    label,
    score,
    ...(probability !== undefined && { probability }),
    range: [signed.reduce((a, b) => Math.min(a, b)), signed.reduce((a, b) => Math.max(a, b))],
    ...(reason && { reason }),
    ...(note && { note }),
    milliseconds: Math.round(1000 * milliseconds) / 1000,
    files,
  };
}

/** The target without the pixels of a mask. */
function plainTarget(target: Target): MapResult['target'] {
  if (typeof target !== 'object' || !('region' in target)) return target;
  const { class: index, region } = target;
  return { class: index, region: typeof region === 'object' && 'mask' in region ? 'mask' : region };
}
