/** @file Models as messages to a session's thread: large weights beside the file, which may take 2 GiB at most. */
import { elementCount, type Model } from '../../../onnx/graph/graph.js';
import { modelBytes } from '../../../onnx/files/write.js';

/** An .onnx file in memory, with the files that hold its large weights. */
export interface StoredModel {
  bytes: Uint8Array;
  weights: readonly { path: string; data: Uint8Array }[];
}

/** Elements of all weights from which on they stand beside the file. */
const MANY = 2 ** 26;
/** Bytes of a weight that stands beside the file. */
const LARGE = 2 ** 20;

/** The model's file; weights beside it are not copied. */
export function storedModel(model: Model): StoredModel {
  const elements = [...model.graph.initializers.values()].reduce((sum, { dims }) => sum + elementCount(dims), 0);
  if (elements < MANY) return { bytes: modelBytes(model), weights: [] };
  const weights: { path: string; data: Uint8Array }[] = [];
  const bytes = modelBytes(model, (_, data) => {
    if (data.length < LARGE) return undefined;
    const path = `weights-${weights.length}`;
    weights.push({ path, data });
    return { location: path, offset: 0 };
  });
  return { bytes, weights };
}
