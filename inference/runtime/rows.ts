/** @file Splits batches into rows, runs them row by row, and concatenates the results. */
import type { Session, SessionTensor, SessionTensors } from './session.js';

/** N of tensors [N, …]. */
export function rowCount(tensors: SessionTensors): number {
  return Object.values(tensors)[0]?.dims[0] ?? 0;
}

/** Rows `start`… of tensors [N, …], at most `count`. */
export function rowsOf(tensors: SessionTensors, start: number, count: number): SessionTensors {
  const some = ({ type, data, dims: [rows = 1, ...dims] }: SessionTensor): SessionTensor => {
    const [size, end] = [data.length / rows, Math.min(start + count, rows)];
    return { type, data: data.slice(start * size, end * size) as SessionTensor['data'], dims: [end - start, ...dims] };
  };
  return mapped(tensors, (_, tensor) => some(tensor));
}

/** Concatenates tensors [N, …] of the same names and row sizes. */
export function joinedRows(parts: readonly SessionTensors[]): SessionTensors {
  const [first = {}] = parts;
  if (parts.length === 1) return first;
  return mapped(first, (name, { type, data, dims: [, ...dims] }) => {
    const all = parts.map((part) => part[name] as SessionTensor);
    const length = all.reduce((sum, each) => sum + each.data.length, 0);
    const whole = new (data.constructor as Float32ArrayConstructor)(length);
    let at = 0;
    for (const each of all) {
      whole.set(each.data as Float32Array, at);
      at += each.data.length;
    }
    return { type, data: whole, dims: [rowCountOf(all), ...dims] };
  });
}

const rowCountOf = (tensors: readonly SessionTensor[]) => tensors.reduce((sum, { dims: [rows = 0] }) => sum + rows, 0);

function mapped(tensors: SessionTensors, change: (name: string, tensor: SessionTensor) => SessionTensor) {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(name, tensor)]));
}

/**
 * A session that runs the rows of a batch one by one, so that each result depends only on its own row, bit for bit. All inputs
 * and outputs of the network must have one row per picture [N, …]. On CPUs this is hardly slower than whole batches, because
 * runtimes process them picture by picture.
 */
export function rowByRow(session: Session): Session {
  return {
    ...session,
    run: async (feeds, outputs, levels) => {
      const results: SessionTensors[] = [];
      for (let row = 0; row < rowCount(feeds); row++) {
        results.push(await session.run(rowsOf(feeds, row, 1), outputs, levels));
      }
      return joinedRows(results);
    },
  };
}
