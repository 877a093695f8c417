/** @file A session that runs the rows of a batch one by one, so that a result depends on its own row alone, to the last bit. */
import type { Session, SessionTensor } from './session.js';

type Values = Readonly<Record<string, SessionTensor>>;

/**
 * The same session, for networks whose inputs and outputs all have a row per picture [N, …]. On CPUs it takes no longer
 * than whole batches: runtimes go through them picture by picture.
 */
export function rowByRow(session: Session): Session {
  return {
    ...session,
    run: async (feeds, outputs) => {
      const rows = Object.values(feeds)[0]?.dims[0] ?? 0;
      const results: Values[] = [];
      for (let row = 0; row < rows; row++) results.push(await session.run(rowsOf(feeds, row), outputs));
      return joined(results);
    },
  };
}

function rowsOf(feeds: Values, row: number): Record<string, SessionTensor> {
  const one = ({ type, data, dims: [rows = 1, ...dims] }: SessionTensor) => {
    const size = data.length / rows;
    return { type, data: data.slice(row * size, (row + 1) * size) as SessionTensor['data'], dims: [1, ...dims] };
  };
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, one(tensor)]));
}

function joined(results: readonly Values[]): Record<string, SessionTensor> {
  const [first = {}] = results;
  const all = (name: string, { type, data, dims: [, ...dims] }: SessionTensor) => {
    const whole = new (data.constructor as Float32ArrayConstructor)(data.length * results.length);
    results.forEach((result, row) => whole.set(result[name]?.data as Float32Array, row * data.length));
    return { type, data: whole, dims: [results.length, ...dims] };
  };
  return Object.fromEntries(Object.entries(first).map(([name, tensor]) => [name, all(name, tensor)]));
}
