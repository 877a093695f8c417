/** @file Types of all values of whole networks are those that ONNX Runtime finds. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { goldenPath } from '../../fixtures/golden.js';
import { modelOfGraph } from '../build/build.js';
import { isStatic } from '../graph/dims.js';
import { elementCount, type Graph, type ValueInfo } from '../graph/graph.js';
import { loadModel } from '../files/load.node.js';
import { Types } from './types.js';
import { upgradedModel } from '../upgrade/upgrade.js';
import { modelBytes } from '../files/write.js';

describe('Types.of(graph)', () => {
  it.each(['plain-cnn', 'squeeze', 'residual', 'discriminator-dense', 'generator'])(
    'finds the shapes that ONNX Runtime finds for every value of %s',
    async (name) => {
      const { graph } = upgradedModel(await loadModel(goldenPath(`${name}.onnx`)));
      await expectInferredShapes(graph, 3);
    },
  );

  const zoo = (name: string) =>
    fileURLToPath(new URL(`../../../../shared/data/onnx-zoo-light/light_${name}.onnx`, import.meta.url));
  it.skipIf(!existsSync(zoo('squeezenet')))(
    'finds those of SqueezeNet of the ONNX zoo (skipped without ../shared)',
    async () => {
      await expectInferredShapes(upgradedModel(await loadModel(zoo('squeezenet'))).graph, 1);
    },
  );

  it.skipIf(!existsSync(zoo('vgg19')))(
    'knows every size in ResNet-50 and VGG-19 of the ONNX zoo (skipped without ../shared)',
    async () => {
      for (const name of ['resnet50', 'vgg19']) {
        const { graph } = upgradedModel(await loadModel(zoo(name)));
        const types = Types.of(graph);
        const values = graph.nodes.flatMap(({ outputs: names }) => names);
        expect(values.filter((value) => !isStatic(types.shape(value)))).toEqual([]);
        expect(types.shape(graph.outputs[0]?.name ?? '')).toEqual([1, 1000]);
      }
    },
  );
});

/** Runs a graph with every float32 value as an output. */
async function expectInferredShapes(graph: Graph, batch: number): Promise<void> {
  const types = Types.of(graph);
  const values = graph.nodes.flatMap((node) => node.outputs).filter((name) => types.get(name)?.type === 'float32');
  expect(values.length).toBeGreaterThan(5);
  const all = { ...graph, outputs: values.map((name) => ({ name, value: { type: 'float32' as const } })) };
  const input = graph.inputs[0] as ValueInfo;
  const dims = (input.value?.shape ?? []).map((dim) => (typeof dim === 'string' ? batch : dim));
  const session = await InferenceSession.create(modelBytes(modelOfGraph(all)), { logSeverityLevel: 4 });
  const picture = Float32Array.from({ length: elementCount(dims) }, (_, at) => Math.sin(at * 1.3));
  const results = await session.run({ [input.name]: new Tensor('float32', picture, dims) });
  await session.release();
  for (const name of values) {
    const inferred = types
      .shape(name)
      ?.map((dim) => (typeof dim === 'number' ? dim : batch * Number(/^\d+/.exec(dim)?.[0] ?? 1)));
    expect(inferred, name).toEqual(results[name]?.dims);
  }
}
