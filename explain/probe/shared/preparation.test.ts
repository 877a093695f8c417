import { expect, it } from 'vitest';
import { inputTensor, preparedPictures, type NetworkInput } from '../../../inference/networks/network-input.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { openSession } from '#runtime';
import { sessionTensor } from '../../../inference/runtime/session.js';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { appendedPreparation } from './preparation.js';

const picture = (channels: 1 | 3, width: number, height: number): Picture => ({
  channels,
  width,
  height,
  data: Uint8Array.from({ length: channels * width * height }, (_, i) => Math.round(127 + 120 * Math.sin(0.3 * i * i))),
});
const input = (layout: 'NCHW' | 'NHWC', own: Partial<NetworkInput['picture']>): NetworkInput => {
  const channels = own.channels ?? 3;
  const normalization = {
    mean: [0.4, 0.5, 0.6, 0.1].slice(0, channels),
    std: [0.2, 0.3, 0.25, 0.5].slice(0, channels),
  };
  return { name: 'x', layout, picture: { width: 10, height: 8, channels, normalization, resize: 'crop', ...own } };
};

it.each([
  ['enlarged and cut', picture(3, 7, 9), input('NCHW', {})],
  ['shrunk and squashed', picture(3, 30, 17), input('NHWC', { resize: 'squash' })],
  ['padded, in BGR', picture(3, 20, 9), input('NCHW', { resize: 'pad', channelOrder: 'BGR' })],
  ['with opacity', picture(3, 10, 8), input('NCHW', { channels: 4, channelOrder: 'ARGB' })],
  ['from grey', picture(1, 10, 8), input('NCHW', {})],
  ['to grey', picture(3, 10, 8), input('NCHW', { channels: 1 })],
])('appendedPreparation gives what preparedPictures does, but for rounding: %s', async (_, given, network) => {
  const { channels, width, height, data } = given;
  const b = new GraphBuilder();
  const levels = b.input('levels', 'float32', [1, channels, height, width]);
  b.output(appendedPreparation(b, levels, given, network), 'prepared');
  const session = await openSession(modelOfGraph(b.graph), { device: 'cpu' });
  const plane = width * height;
  const planes = Float32Array.from(
    data,
    (_level, at) => (data[(at % plane) * channels + Math.floor(at / plane)] ?? 0) / 255,
  );
  const { prepared } = await session.run({ levels: sessionTensor(planes, [1, channels, height, width]) });
  await session.release();
  const expected = inputTensor(preparedPictures([given], network), network);
  expect(prepared?.dims).toEqual(expected.dims);
  // Half a level for each of the two axes and for grey.
  const most = 1.5 / 255 / Math.min(...network.picture.normalization.std);
  const found = prepared?.data as Float32Array;
  const gaps = Array.from(expected.data as Float32Array, (value, at) => Math.abs(value - (found[at] ?? Number.NaN)));
  expect(Math.max(...gaps)).toBeLessThan(most);
});
