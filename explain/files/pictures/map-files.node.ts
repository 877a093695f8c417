/** @file One map as files: in colours, laid over its picture, and its values. */
import { join } from 'node:path';
import type { NetworkInput } from '../../../inference/networks/network-input.js';
import { npyBytes } from '../../../inference/numeric/npy.js';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { sourceArea } from '../../../inference/pictures/resize.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import type { FigureFileOptions } from '../../figures/figure-options.js';
import { placedHeatmap, placedOverlay, type MapStyle } from '../../figures/overlay.js';
import { isSigned } from '../../figures/palette.js';
import { drawnMap } from '../../figures/drawn-map.js';
import type { Explanation } from '../../maps/explanation.js';
import { placedMap, type PlacedMap } from '../../maps/shown/placement.js';

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
  /** Standard errors of the values, where they are estimated from random draws. */
  errors?: string;
}

/** Whether maps are shown with their negative values. */
export function showsSigned({ palette = 'jet' }: MapStyle): boolean {
  return isSigned(palette);
}

/** What decides how maps are drawn. */
export interface Look {
  /** How the network takes pictures, which decides what part of one it saw. */
  input: NetworkInput;
  style: MapStyle;
  /** The files of figures. */
  figures: FigureFileOptions;
}

/** A map in colours and over its picture. */
export interface DrawnPictures {
  heatmap: Picture;
  overlay: Picture;
}

/**
 * Draws a map on its picture.
 * @param shown the picture at any size
 * @param original its true size
 * @param largest the value that becomes 1, for maps on one scale
 */
export function drawnPictures(
  shown: Picture,
  original: { width: number; height: number },
  explanation: Explanation,
  { input, style }: Look,
  largest?: number,
): DrawnPictures {
  const map = placedExplanation(shown, original, explanation, input, showsSigned(style), largest);
  const heatmap = placedHeatmap(map, shown, style.palette);
  return { heatmap, overlay: placedOverlay(shown, map, style, heatmap) };
}

function placedExplanation(
  shown: Picture,
  original: { width: number; height: number },
  explanation: Explanation,
  input: NetworkInput,
  signed: boolean,
  largest: number | undefined,
): PlacedMap {
  const area = sourceArea(original, input.picture);
  const [across, down] = [shown.width / original.width, shown.height / original.height];
  const scaled = { x: area.x * across, y: area.y * down, width: area.width * across, height: area.height * down };
  return placedMap(drawnMap(explanation, signed), shown, scaled, signed, largest);
}

/** The names of a map's files. @param estimated whether it has standard errors */
export function mapFiles(folder: string, stem: string, estimated: boolean): MapFiles {
  const path = (end: string) => join(folder, `${stem}${end}`);
  return {
    heatmap: path('.png'),
    overlay: path('-overlay.png'),
    values: path('.npy'),
    ...(estimated && { errors: path('-errors.npy') }),
  };
}

/**
 * Writes the files of one map; pictures are encoded beside this thread.
 * @param drawn the map at the picture's size, if already drawn
 */
export async function writeMap(
  files: MapFiles,
  picture: Picture,
  explanation: Explanation,
  look: Look,
  drawn: DrawnPictures | undefined,
): Promise<void> {
  const { raw, signed, rawHeight, rawWidth, standardError } = explanation;
  const { heatmap, overlay } = drawn ?? drawnPictures(picture, picture, explanation, look);
  const values = npyBytes(showsSigned(look.style) ? signed : raw, [rawHeight, rawWidth]);
  await Promise.all([
    encodePng(heatmap).then((bytes) => writeFileAtomic(files.heatmap, bytes)),
    encodePng(overlay).then((bytes) => writeFileAtomic(files.overlay, bytes)),
    writeFileAtomic(files.values, values),
    ...(files.errors !== undefined && standardError
      ? [writeFileAtomic(files.errors, npyBytes(standardError, [rawHeight, rawWidth]))]
      : []),
  ]);
}
