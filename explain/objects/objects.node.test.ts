import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import { loadObjects } from './objects.node.js';

const folder = await mkdtemp(join(tmpdir(), 'ganscope-objects-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the digest of objects changes with every file that says where they are', async () => {
  const masks = join(folder, 'masks');
  await mkdir(masks);
  const mask = (side: number) =>
    encodePng({ width: side, height: side, channels: 1, data: new Uint8Array(side ** 2).fill(255) });
  await writeFile(join(masks, 'a.png'), await mask(8));
  const digest = async (path: string) => (await loadObjects(path)).digest;
  const before = await digest(masks);
  expect(await digest(masks)).toBe(before);
  await writeFile(join(masks, 'a.png'), await mask(9));
  expect(await digest(masks)).not.toBe(before);

  const boxes = join(folder, 'bounding_boxes.txt');
  await writeFile(boxes, '1 0 0 4 4\n');
  const images = (name: string) => writeFile(join(folder, 'images.txt'), `1 ${name}\n`);
  await images('a.jpg');
  const ofA = await digest(boxes);
  expect(await digest(boxes)).toBe(ofA);
  await images('b.jpg');
  expect(await digest(boxes)).not.toBe(ofA);
});
