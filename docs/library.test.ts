/** @file The example of gradients of gradients in library.md does what it says. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** E|∂D/∂x|² of D(x) = tanh(x·W)·v. */
function penaltyOf(x: readonly number[][], W: readonly number[], v: readonly number[]): number {
  const squares = x.map((picture) => {
    const hidden = v.map((_, k) =>
      Math.tanh(picture.reduce((sum, value, i) => sum + value * (W[3 * i + k] ?? NaN), 0)),
    );
    const slopes = picture.map((_, i) =>
      v.reduce((sum, weight, k) => sum + weight * (1 - (hidden[k] ?? NaN) ** 2) * (W[3 * i + k] ?? NaN), 0),
    );
    return slopes.reduce((sum, slope) => sum + slope ** 2, 0);
  });
  return squares.reduce((sum, value) => sum + value, 0) / squares.length;
}

/** Central differences by each number. */
const differences = (values: readonly number[], of: (moved: readonly number[]) => number) =>
  values.map((value, at) => (of(values.with(at, value + 1e-5)) - of(values.with(at, value - 1e-5))) / 2e-5);

it('the penalty of a gradient in docs/library.md has the gradients that differences give', async () => {
  const text = await readFile(join(root, 'docs/library.md'), 'utf8');
  const [, code = ''] = /```js\n([^]*?console\.log[^]*?)```/.exec(text) ?? [];
  expect(code.split('\n').length).toBeLessThan(30);
  // Inside the package its own name leads to it.
  const folder = await mkdtemp(join(root, 'dist/docs/example-'));
  const log = vi.spyOn(console, 'log').mockReturnValue(undefined);
  try {
    await writeFile(join(folder, 'example.mjs'), code);
    await import(pathToFileURL(join(folder, 'example.mjs')).href);
    const [value, dW, dv] = log.mock.calls[0] as [number, Float32Array, Float32Array];
    const x = [
      [0.5, -1],
      [2, 0.25],
    ];
    const W = [0.3, -0.2, 0.5, 0.7, 0.1, -0.4];
    const v = [1, -2, 0.5];
    expect(value).toBeCloseTo(penaltyOf(x, W, v), 5);
    differences(W, (moved) => penaltyOf(x, moved, v)).forEach((slope, at) => expect(dW[at]).toBeCloseTo(slope, 4));
    differences(v, (moved) => penaltyOf(x, W, moved)).forEach((slope, at) => expect(dv[at]).toBeCloseTo(slope, 4));
  } finally {
    log.mockRestore();
    await rm(folder, { recursive: true });
  }
});
