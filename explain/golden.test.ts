/** @file Class activation maps of every convolution against PyTorch's, for networks that PyTorch exported. */
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError, type NetworkInfo } from '../fixtures/golden.js';
import { createSession } from '../inference/runtime/session.node.js';
import { loadModel, upgradedModel } from '../onnx/index.js';
import { camGraph } from './self-explaining/cam.js';
import { convLayers } from './network/layers.js';
import { normalizedMap } from './maps/shown/normalize.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

describe.each(['discriminator-dense', 'discriminator-conv', 'plain-cnn', 'squeeze', 'residual'])(
  'camGraph of %s',
  (name) => {
    const { info, tensor } = golden<NetworkInfo>(name);

    it.each(info.targets.map((target, index) => ({ ...target, index })))(
      'gives the maps of PyTorch for logit $column with sign $sign',
      async ({ column, sign, index }) => {
        const model = upgradedModel(await loadModel(goldenPath(`${name}.onnx`)));
        const all = convLayers(model.graph);
        const layers = info.convs.map((conv) => all[conv] as (typeof all)[number]);
        const cam = camGraph(model, { layers, methods: ['gradcam', 'gradcam++'] });
        const input = tensor('input');
        const [batch, , height, width] = input.shape as [number, number, number, number];
        const weights = Float32Array.from({ length: batch * cam.head.classes }, (_, at) =>
          at % cam.head.classes === column ? sign : 0,
        );
        const session = await createSession(cam.model);
        const results = await session.run({
          [cam.input]: new Tensor('float32', input.data, input.shape),
          [cam.targetWeights]: new Tensor('float32', weights, [batch, cam.head.classes]),
        });
        await session.release();
        const data = (value: string) => results[value]?.data as Float32Array;
        cam.layers.forEach(({ maps }, at) => {
          const prefix = `target${index}/conv${info.convs[at]}`;
          for (const { method, signed, raw } of maps) {
            const expected = tensor(`${prefix}/${method}`);
            expect(results[raw]?.dims, raw).toEqual(expected.shape);
            expect(relativeError(data(raw), expected.data), `${prefix} ${method}`).toBeLessThan(TOLERANCE);
            if (method === 'gradcam')
              expect(relativeError(data(signed), tensor(`${prefix}/signed`).data), prefix).toBeLessThan(TOLERANCE);
            const [, h, w] = expected.shape as [number, number, number];
            const normalised = tensor(`${prefix}/${method}/normalised`).data;
            for (let picture = 0; picture < batch; picture++) {
              const map = normalizedMap(
                data(raw).subarray(picture * h * w, (picture + 1) * h * w),
                h,
                w,
                height,
                width,
              );
              const wanted = normalised.subarray(picture * height * width, (picture + 1) * height * width);
              const gap = Math.max(...map.map((value, position) => Math.abs(value - (wanted[position] as number))));
              expect(gap, `${prefix} ${method}, normalised, picture ${picture}`).toBeLessThan(TOLERANCE);
            }
          }
        });
      },
    );
  },
);
