import { expect, test } from 'vitest';
import { SharedEnds } from './shared-ends.js';

test('SharedEnds runs the first and last pictures of requests once, also while they are running', async () => {
  const ran: number[] = [];
  const doubled = async (pictures: Float32Array) => {
    ran.push(...pictures);
    return pictures.map((value) => 2 * value);
  };
  const ends = new SharedEnds(doubled);
  const [whole, curve, again, same] = await Promise.all([
    ends.logits(Float32Array.of(1), 1),
    ends.logits(Float32Array.of(0, 5, 6, 1), 1),
    ends.logits(Float32Array.of(0, 7, 1), 1),
    ends.logits(Float32Array.of(1, 0), 1),
  ]);
  expect([whole, curve, again, same].map((each) => [...each])).toEqual([[2], [0, 10, 12, 2], [0, 14, 2], [2, 0]]);
  expect(ran).toEqual([1, 0, 5, 6, 7]);
  ends.forget();
  await ends.logits(Float32Array.of(1, 0), 1);
  expect(ran.slice(5)).toEqual([1, 0]);
});
