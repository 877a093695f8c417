/** @file Gradients of whole networks against PyTorch's, for models that PyTorch exported. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { inputOf } from '../graph/graph.js';
import { golden, goldenPath, relativeError, type NetworkInfo } from '../../fixtures/golden.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { loadModel } from '../files/load.node.js';
import { upgradedModel } from '../upgrade/upgrade.js';
import { modelBytes } from '../files/write.js';
import { gradients } from './walk.js';

/** Networks, and the value that holds the logits: an output, or what the softmax at the end reads. */
const networks = ['discriminator-dense', 'discriminator-conv', 'plain-cnn', 'squeeze', 'residual', 'generator'];

/** Of the largest element of each gradient; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

describe.each(networks)('gradients(…) of %s', (name) => {
  it(`agree with PyTorch to ${TOLERANCE}, for the input and all weights that are listed`, async () => {
    const { info, names, tensor } = golden<NetworkInfo>(name);
    const b = new GraphBuilder(upgradedModel(await loadModel(goldenPath(`${name}.onnx`))).graph);
    const output = info.outputs[0] as string;
    const softmax = b.graph.nodes.find(({ op, outputs }) => op === 'Softmax' && outputs.includes(output));
    const logits = softmax ? inputOf(softmax) : output;
    const wanted = names.filter((key) => key.startsWith('gradient/')).map((key) => key.slice('gradient/'.length));
    const cotangent = b.input('golden_cotangent', 'float32', b.shape(logits));
    const found = gradients(b, logits, wanted, { cotangent });
    for (const [value, gradient] of found) b.output(gradient as string, `golden/${value}`);
    const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), { logSeverityLevel: 3 });
    const feed = (key: string) => new Tensor('float32', tensor(key).data, tensor(key).shape);
    const results = await session.run({ input: feed('input'), golden_cotangent: feed('seed') });
    await session.release();
    for (const key of info.outputs) {
      expect(relativeError(results[key]?.data as Float32Array, tensor(`output/${key}`).data), key).toBeLessThan(1e-5);
    }
    for (const value of wanted) {
      const { data, shape } = tensor(`gradient/${value}`);
      expect(results[`golden/${value}`]?.dims, value).toEqual(shape);
      expect(relativeError(results[`golden/${value}`]?.data as Float32Array, data), value).toBeLessThan(TOLERANCE);
    }
  });
});
