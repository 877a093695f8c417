/** @file Reads where the objects of pictures are: from a file of boxes, or a folder of masks. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { folderTree } from '../../inference/files/folder.node.js';
import { digestOfList, fileDigest } from '../../inference/files/same-job.node.js';
import { isPictureFile } from '../../inference/files/picture-paths.node.js';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import type { Picture, PictureInput } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import { readBoundedFile } from '../../onnx/files/files.node.js';
import { cocoBoxes, csvBoxes, cubBoxes, lookedUp, type ObjectBoxes } from './boxes.js';
import { boxMask, pictureMask } from './mask.js';

const MAX_BYTES = 512 * 1024 * 1024;

/** Where the object of a picture is [H, W] of the network's input, or why that is not known. */
export type FoundObject = { mask: Uint8Array } | { missing: string };

/** Objects of pictures, by their paths. */
export interface Objects {
  find(path: string, picture: Picture, input: PictureInput): Promise<FoundObject>;
  /** Digest of the files of boxes, or of the names, sizes and times of the masks. */
  digest: string;
}

/**
 * @param path `bounding_boxes.txt` of CUB-200-2011 (with `images.txt` beside it), a .csv or .tsv file, annotations of COCO (.json),
 *   or a folder of masks with the names of the pictures
 * @throws InputError if it cannot be read as one of these
 */
export async function loadObjects(path: string): Promise<Objects> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) return masksOf(path);
  const boxOf = lookedUp(await boxesOf(path));
  const find: Objects['find'] = async (picturePath, picture, input) => {
    const own = boxOf(picturePath);
    if (!own) return { missing: `no box in ${basename(path)}` };
    const outside = own.find(
      ({ x, y, width, height }) => x >= picture.width || y >= picture.height || x + width <= 0 || y + height <= 0,
    );
    if (outside) {
      throw new InputError({
        name: `${path}: ${picturePath}`,
        expected: `a box in a picture of ${picture.width}×${picture.height}`,
        got: `x ${outside.x}, y ${outside.y}, ${outside.width}×${outside.height}`,
      });
    }
    const mask = boxMask(own, picture, input);
    return mask ? { mask } : { missing: 'the network sees nothing of its box' };
  };
  const files = [path, (await imagesBeside(path)) ?? []].flat();
  return { find, digest: digestOfList(await Promise.all(files.map(fileDigest))) };
}

async function boxesOf(path: string): Promise<ObjectBoxes> {
  const text = new TextDecoder().decode(await readBoundedFile(path, MAX_BYTES));
  if (/\.json$/i.test(path)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new InputError({ name: path, expected: 'JSON', got: (error as Error).message });
    }
    return cocoBoxes(value, path);
  }
  if (/\.[ct]sv$/i.test(path)) return csvBoxes(text, path);
  const images = await imagesBeside(path);
  if (images) return cubBoxes(text, new TextDecoder().decode(await readBoundedFile(images, MAX_BYTES)), path);
  throw new InputError({
    name: path,
    expected: "a .csv file, COCO's .json, CUB's bounding_boxes.txt beside its images.txt, or a folder of masks",
  });
}

/** The images.txt that numbers of CUB's pictures are explained by; none beside other files of boxes. */
async function imagesBeside(path: string): Promise<string | undefined> {
  const images = join(dirname(path), 'images.txt');
  return !/\.(?:json|[ct]sv)$/i.test(path) && (await stat(images).catch(() => undefined)) ? images : undefined;
}

async function masksOf(folder: string): Promise<Objects> {
  const { paths } = await folderTree(folder);
  const masks = new Map(paths.filter(isPictureFile).map((each) => [withoutExtension(each), each]));
  if (masks.size === 0)
    throw new InputError({ name: folder, expected: 'masks, pictures that are bright on the object', got: 'none' });
  const maskOf = lookedUp(masks);
  const find: Objects['find'] = async (path, picture, input) => {
    const found = maskOf(withoutExtension(path));
    if (found === undefined) return { missing: `no mask in ${basename(folder)}` };
    const mask = await decodePicture(join(folder, found));
    if (mask.width !== picture.width || mask.height !== picture.height) {
      throw new InputError({
        name: join(folder, found),
        expected: `the size of ${path}, ${picture.width}×${picture.height}`,
        got: `${mask.width}×${mask.height}`,
      });
    }
    const seen = pictureMask(mask, input);
    return seen ? { mask: seen } : { missing: 'the network sees nothing of its mask' };
  };
  const stamps: string[] = [];
  for (const name of masks.values()) {
    const { size, mtimeMs } = await stat(join(folder, name));
    stamps.push(`${name} ${size} ${mtimeMs}`);
  }
  return { find, digest: digestOfList(stamps) };
}

const withoutExtension = (path: string): string => path.replace(/\.[^./\\]+$/, '');
