import { describe, expect, test } from 'vitest';
import { Random } from '../../../inference/numeric/random.js';
import { superpixels } from './superpixels.js';

const SIZES = { channels: 3, height: 60, width: 80 };

/** A picture of two colours with noise: 1 inside a disc, off the middle, so that a mirrored one would differ. */
function discPicture(noise: number): { picture: Float32Array; inside: Uint8Array } {
  const random = new Random(1);
  const { height, width } = SIZES;
  const inside = Uint8Array.from({ length: height * width }, (_, at) =>
    Number(((at % width) - 25) ** 2 + (Math.floor(at / width) - 20) ** 2 < 144),
  );
  const picture = Float32Array.from({ length: 3 * height * width }, (_, at) => {
    const [channel, pixel] = [Math.floor(at / inside.length), at % inside.length];
    return (inside[pixel] ? [0.9, 0.6, 0.2] : [0.1, 0.3, 0.5])[channel]! + noise * random.normal();
  });
  return { picture, inside };
}

/** Whether all pixels of each region can be reached inside it. */
function areConnected(labels: Int32Array, width: number): boolean {
  const seen = new Set<number>();
  const begun = new Set<number>();
  for (let start = 0; start < labels.length; start++) {
    if (seen.has(start)) continue;
    if (begun.has(labels[start]!)) return false;
    begun.add(labels[start]!);
    const own = [start];
    seen.add(start);
    for (const pixel of own) {
      const x = pixel % width;
      for (const next of [
        pixel - width,
        pixel + width,
        ...(x > 0 ? [pixel - 1] : []),
        ...(x < width - 1 ? [pixel + 1] : []),
      ]) {
        if (labels[next] !== labels[pixel] || seen.has(next)) continue;
        seen.add(next);
        own.push(next);
      }
    }
  }
  return true;
}

describe('superpixels(picture, sizes, wanted)', () => {
  test.each([0, 0.05, 1])('are connected, none small, about as many as wanted, with noise of %s', (noise) => {
    const { labels, count } = superpixels(discPicture(noise).picture, SIZES, 40);
    expect(new Set(labels)).toEqual(new Set(Array.from({ length: count }, (_, label) => label)));
    expect(areConnected(labels, SIZES.width)).toBe(true);
    const pixels = new Float64Array(count);
    for (const label of labels) pixels[label]! += 1;
    expect(Math.min(...pixels)).toBeGreaterThanOrEqual(60);
    expect(count).toBeGreaterThan(15);
    expect(count).toBeLessThan(70);
  });

  test('follow the edges of what is seen', () => {
    const { picture, inside } = discPicture(0.02);
    const { labels, count } = superpixels(picture, SIZES, 40);
    const shares = Array.from({ length: count }, () => ({ all: 0, inside: 0 }));
    labels.forEach((label, pixel) => {
      shares[label]!.all++;
      shares[label]!.inside += inside[pixel]!;
    });
    for (const share of shares) expect(Math.min(share.inside, share.all - share.inside) / share.all).toBeLessThan(0.15);
  });

  test('of one colour are a grid', () => {
    const sizes = { channels: 1, height: 20, width: 20 };
    const { labels, count } = superpixels(new Float32Array(400).fill(0.5), sizes, 4);
    expect(count).toBe(4);
    expect([labels[0], labels[19], labels[380], labels[399]]).toEqual([0, 1, 2, 3]);
  });
});
