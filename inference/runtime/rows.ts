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

/** Rows that run one by one before larger runs are tried: what few pictures need costs no test. */
const PATIENCE_ROWS = 32;
/** Rows of the largest runs. */
const LARGEST_RUN = 16;
/** Numbers of the outputs of the largest runs: networks of large pictures gain nothing, and would need much memory. */
const LARGEST_OUTPUT = 2 ** 20;

/**
 * A session that runs the rows of a batch so that each result depends only on its own row, bit for bit. All inputs and
 * outputs of the network must have one row per picture [N, …].
 *
 * Rows run one by one at first. When there are many, one run of several rows is compared with their single runs: kernels are
 * chosen by sizes, not by numbers, so a network whose results are equal in every bit is run in batches of exactly that size
 * from then on, which is up to half as fast again. Other networks, and the rows that are left over, stay with single rows.
 */
export function rowByRow(session: Session): Session {
  let alone = 0;
  /** Rows per run, by the outputs asked for. */
  const sizes = new Map<string, number>();
  const single: Session['run'] = async (feeds, outputs, levels) => {
    const results: SessionTensors[] = [];
    for (let row = 0; row < rowCount(feeds); row++) {
      results.push(await session.run(rowsOf(feeds, row, 1), outputs, levels));
    }
    alone += results.length;
    return joinedRows(results);
  };
  /** The rows per run that give the same bits as single rows. */
  const tested = async (feeds: SessionTensors, outputs?: readonly string[]): Promise<number> => {
    const first = await session.run(rowsOf(feeds, 0, 1), outputs);
    const most = Math.floor(LARGEST_OUTPUT / Object.values(first).reduce((sum, { data }) => sum + data.length, 0));
    const rows = 2 ** Math.floor(Math.log2(Math.min(most, LARGEST_RUN)));
    if (!(rows > 1)) return 1;
    const some = rowsOf(feeds, 0, rows);
    try {
      return sameBits(await session.run(some, outputs), await single(some, outputs)) ? rows : 1;
    } catch {
      // A network may take single rows only. What fails for these too fails again when they are run.
      return 1;
    }
  };
  return {
    ...session,
    run: async (feeds, outputs, levels) => {
      const rows = rowCount(feeds);
      const key = JSON.stringify(outputs ?? null);
      let size = sizes.get(key);
      if (size === undefined && rows >= LARGEST_RUN && alone >= PATIENCE_ROWS) {
        size = await tested(feeds, outputs);
        sizes.set(key, size);
      }
      if (size === undefined || size === 1 || rows < size) return single(feeds, outputs, levels);
      const results: SessionTensors[] = [];
      const whole = rows - (rows % size);
      for (let row = 0; row < whole; row += size) {
        results.push(await session.run(rowsOf(feeds, row, size), outputs, levels));
      }
      if (whole < rows) results.push(await single(rowsOf(feeds, whole, rows - whole), outputs, levels));
      return joinedRows(results);
    },
  };
}

function sameBits(one: SessionTensors, other: SessionTensors): boolean {
  return Object.entries(one).every(([name, { data, dims }]) => {
    const [a, b] = [bytesOf(data), bytesOf(other[name]?.data)];
    if (dims[0] !== other[name]?.dims[0]) return false;
    return a !== undefined && b !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
  });
}

/** Undefined for what has no bits, such as texts. */
function bytesOf(data: SessionTensor['data'] | undefined): Uint8Array | undefined {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : undefined;
}
