/** @file Figures of concepts: examples of each, and where each is in pictures. */
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { sheetPng, type SheetCell } from '../../../inference/figures/sheet.node.js';
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { resizedPicture } from '../../../inference/pictures/resize.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { overlaidPicture, type MapStyle } from '../../figures/overlay.js';
import type { CropBox } from './crops.js';

/** Pixels of a cell's longer side. */
export const SIDE = 128;

/** A concept as the figures show it. */
export interface ShownConcept {
  importance: number;
  standardError: number;
  effect: number;
}

/** A picture with the strengths of its concepts on the layer's grid. */
export interface ShownPicture {
  /** What the network sees. */
  view: Picture;
  /** [h, w] of each concept. */
  maps: readonly Float32Array[];
  height: number;
  width: number;
}

/** An example of a concept: a picture, or a crop of it. */
export interface Example {
  shown: ShownPicture;
  /** As shares of the picture's width and height. */
  box?: { left: number; top: number; width: number; height: number };
}

/** A crop in shares of the network's input. */
export function shareOf({ left, top, side }: CropBox, { width, height }: { width: number; height: number }) {
  return { left: left / width, top: top / height, width: side / width, height: side / height };
}

/** The first pixel of a part of a side, and how many there are. */
function roundedPart(from: number, share: number, side: number): [first: number, count: number] {
  const first = Math.min(Math.round(from * side), side - 1);
  const end = Math.min(Math.round((from + share) * side), side);
  return [first, Math.max(1, end - first)];
}

/** A row for each concept: its strongest examples, crops as they are, pictures with the concept's map. */
export function exampleSheet(
  concepts: readonly ShownConcept[],
  examples: readonly (readonly Example[])[],
  { style, title }: { style: MapStyle; title: string },
): Uint8Array {
  const columns = examples.reduce((most, { length }) => Math.max(most, length), 1);
  const cells = concepts.flatMap((concept, at): SheetCell[] => {
    const own = examples[at] ?? [];
    const largest = largestOf(own.map(({ shown }) => shown.maps[at] as Float32Array));
    const pictures = own.map(({ shown, box }) =>
      box ? cellOf(partOf(shown.view, box)) : overlay(shown, at, largest, style),
    );
    return Array.from({ length: columns }, (_, column) => {
      const picture = pictures[column];
      return { ...(picture && { picture }), ...(column === 0 && { caption: captionOf(concept, at) }) };
    });
  });
  return sheetPng({ cells, columns, title });
}

/** A row for each picture: the picture, and the map of each concept; a concept has one scale over all rows. */
export function mapSheet(
  concepts: readonly ShownConcept[],
  pictures: readonly ShownPicture[],
  { style, title }: { style: MapStyle; title: string },
): Uint8Array {
  const scales = concepts.map((_, at) => largestOf(pictures.map(({ maps }) => maps[at] as Float32Array)));
  const cells = pictures.flatMap((shown): SheetCell[] => [
    { picture: cellOf(shown.view), caption: 'picture' },
    ...concepts.map((_, at) => ({
      picture: overlay(shown, at, scales[at] as number, style),
      caption: `concept ${at + 1}`,
    })),
  ]);
  return sheetPng({ cells, columns: concepts.length + 1, title });
}

const captionOf = ({ importance, standardError }: ShownConcept, at: number) =>
  `${at + 1}: ${formattedNumber(importance)} ± ${formattedNumber(standardError)}`;

const largestOf = (maps: readonly Float32Array[]) =>
  maps.reduce((most, map) => map.reduce((a, b) => Math.max(a, b), most), 0);

function overlay(
  { view, maps, height, width }: ShownPicture,
  concept: number,
  scale: number,
  style: MapStyle,
): Picture {
  const cell = cellOf(view);
  const map = (maps[concept] as Float32Array).map((value) => (scale === 0 ? 0 : value / scale));
  return overlaidPicture(cell, bilinearResized(map, height, width, cell.height, cell.width), style);
}

/** A picture in the size of all cells, its sides as they are. */
function cellOf(picture: Picture): Picture {
  const factor = SIDE / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * factor))) as [
    number,
    number,
  ];
  return resizedPicture(picture, { width, height, channels: picture.channels, resize: 'squash' } as const);
}

/** A part of a picture, stated in shares of its sides: from edge to edge, each rounded, and at least a pixel. */
export function partOf(picture: Picture, box: NonNullable<Example['box']>): Picture {
  const [left, width] = roundedPart(box.left, box.width, picture.width);
  const [top, height] = roundedPart(box.top, box.height, picture.height);
  const { channels } = picture;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}
