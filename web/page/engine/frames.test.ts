import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../../inference/index.js';
import { frame } from './frames.js';
import { closeNetworks, openExplainer, useDevice } from './networks.js';

afterAll(() => closeNetworks());

const discriminator = fileURLToPath(new URL('../../../../fixtures/tiny/discriminator.onnx', import.meta.url));
const request = { layer: '', target: 'fake', method: 'gradcam', palette: 'turbo', inside: false } as const;

/** A bright disc in the middle of a dark picture. */
function disc(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3).fill(10);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    if (Math.hypot(x - width / 2, y - height / 2) < 14) data.fill(240, 3 * at, 3 * at + 3);
  }
  return { width, height, channels: 3, data };
}

describe('frame(request)', () => {
  it('lays the map on the part of the picture that the network saw, and on nothing else', async () => {
    useDevice('cpu');
    await openExplainer({ name: 'discriminator.onnx', url: discriminator });
    const whole = (await frame({ ...request, subject: { picture: disc(64, 64) } })).map;
    const wide = (await frame({ ...request, subject: { picture: disc(192, 64) } })).map;
    expect([wide?.width, wide?.height]).toEqual([192, 64]);
    for (const kind of ['values', 'shares'] as const) {
      const columns = [...(wide?.[kind] ?? [])].map((value, at) => ({ value, column: at % 192 }));
      const isSeen = ({ column }: { column: number }) => column >= 64 && column < 128;
      expect(columns.filter(isSeen).map(({ value }) => value)).toEqual([...(whole?.[kind] ?? [])]);
      expect(columns.filter((each) => !isSeen(each)).every(({ value }) => Number.isNaN(value))).toBe(true);
    }
  });
});
