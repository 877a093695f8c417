/** @file Runs of many pictures, one batch at a time. */

/** Batches that are handed to the runtime at a time. */
const MAX_AHEAD = 4;

/**
 * Results for any number of pictures.
 * @param sizes numbers of a picture and of its result, and pictures per run
 * @param run may return more rows than it was given pictures
 */
export async function inBatches(
  pictures: Float32Array,
  sizes: { picture: number; result: number; batch: number },
  run: (part: Float32Array, count: number, start: number) => Promise<Float32Array>,
): Promise<Float32Array> {
  const { picture: size, result, batch } = sizes;
  const total = pictures.length / size;
  const results = new Float32Array(total * result);
  const running: Promise<void>[] = [];
  for (let start = 0; start < total; start += batch) {
    const count = Math.min(batch, total - start);
    const part = pictures.subarray(start * size, (start + count) * size);
    // Some batches wait in the runtime's thread, which then need not wait for this one.
    if (running.length >= MAX_AHEAD) await running[running.length - MAX_AHEAD];
    const made = run(part, count, start).then((found) =>
      results.set(found.subarray(0, count * result), start * result),
    );
    // Its error is thrown when it is awaited.
    made.catch(() => undefined);
    running.push(made);
  }
  await Promise.all(running);
  return results;
}
