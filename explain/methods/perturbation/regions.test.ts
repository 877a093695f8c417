/** @file Region ablation within a budget of forward passes. */
import { expect, test } from 'vitest';
import { classifier, HEIGHT, noisePicture, PREPARATION, WIDTH } from '../../explained.test.helper.js';
import { Explainer } from '../../maps/explain.js';

test.each([4, 7, 13, 14, 29])('region ablation makes at most %d runs where they are asked for', async (forwards) => {
  await using explainer = await Explainer.load(classifier(), { device: 'cpu', preparation: PREPARATION });
  const ramp = Uint8Array.from(
    { length: 3 * WIDTH * HEIGHT },
    (_, at) => Math.floor(at / 3) % WIDTH,
  ) as Uint8Array<ArrayBuffer>;
  for (const picture of [noisePicture(2), { width: WIDTH, height: HEIGHT, channels: 3 as const, data: ramp }]) {
    let made = 0;
    const onRuns = ({ total }: { total: number }) => (made = total);
    await explainer.explain([picture], { methods: ['region-ablation'], targets: 0, runs: { forwards }, onRuns });
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThanOrEqual(forwards);
  }
});
