/** @file Arrays of numbers in parts: the shards of a batch, tensors that were concatenated, means over shards. */

/** Splits into equal parts. They are copies, because a message with a view would send its whole buffer. */
export function slices(data: Float32Array, count: number): Float32Array[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, index) => data.slice(index * size, (index + 1) * size));
}

/** The parts of what was concatenated. @param like arrays of the parts' sizes */
export function split(all: Float32Array, like: readonly Float32Array[]): Float32Array[] {
  let at = 0;
  return like.map(({ length }) => all.subarray(at, (at += length)));
}

/** The mean over the shards, summed in double precision. Plain loops are ten times faster than `from` with a function. */
export function mean(answers: readonly Readonly<Record<string, Float32Array>>[], name: string): Float32Array {
  const parts = answers.map((answer) => answer[name] as Float32Array);
  const [first] = parts as [Float32Array];
  if (parts.length === 1) return first;
  const means = new Float32Array(first.length);
  for (let at = 0; at < means.length; at++) {
    let sum = 0;
    for (let part = 0; part < parts.length; part++) sum += (parts[part] as Float32Array)[at] as number;
    means[at] = sum / parts.length;
  }
  return means;
}
