import { describe, expect, it } from 'vitest';
import type { JsonRecord } from '../../inference/parse/json.js';
import { checkedTopology } from './topology.js';

/** A model of one layer, as Keras 2 writes it, or Keras 3. */
function modelOf(layer: JsonRecord, { keras3 = false, nested = false } = {}): JsonRecord {
  const sequential = (name: string, inner: JsonRecord) => ({
    class_name: 'Sequential',
    config: { name, layers: [inner] },
  });
  const model = sequential('model', nested ? sequential('encoder', layer) : layer);
  return { modelTopology: { keras_version: keras3 ? '3.6.0' : '2.15.0', model_config: model } };
}

const layerOf = (layerClass: string, options: JsonRecord): JsonRecord => ({
  class_name: layerClass,
  config: { name: 'odd', ...options },
});
const lstm = (options: JsonRecord = {}): JsonRecord => ({
  class_name: 'LSTM',
  config: { name: 'memory', units: 2, activation: 'tanh', recurrent_activation: 'sigmoid', ...options },
});
const both = (options: JsonRecord) =>
  layerOf('Bidirectional', { layer: lstm(), backward_layer: lstm({ name: 'back', go_backwards: true, ...options }) });

const refusal = (json: JsonRecord) => expect(() => checkedTopology(json, 'model.json'));

describe('checkedTopology(json, file) refuses what tfjs ignores', () => {
  it.each([
    ['Conv2DTranspose', 'dilation_rate', [2, 2], [1, 1]],
    ['Conv2DTranspose', 'output_padding', [1, 1], null],
    ['AveragePooling1D', 'data_format', 'channels_first', 'channels_last'],
    ['GlobalMaxPooling1D', 'data_format', 'channels_first', null],
    ['Resizing', 'antialias', true, false],
    ['LayerNormalization', 'rms_scaling', true, false],
    ['GRU', 'time_major', true, false],
  ])('%s: %s', (layerClass, option, ignored, harmless) => {
    refusal(modelOf(layerOf(layerClass, { [option]: ignored }))).toThrow(
      new RegExp(`^${layerClass} layer "odd": ${option}: expected .*, as tfjs computes no other; got `),
    );
    refusal(modelOf(layerOf(layerClass, { [option]: harmless }))).not.toThrow();
  });

  it('the same inside wrappers', () => {
    refusal(modelOf(both({ time_major: true }))).toThrow(
      'LSTM layer "odd/back": time_major: expected false, as tfjs computes no other; got true',
    );
  });

  it('a backward layer that is not the forward one from the end', () => {
    const expected = 'Bidirectional layer "odd": backward_layer: expected the forward layer from the end, as tfjs';
    refusal(modelOf(both({ activation: 'relu' }))).toThrow(`${expected} computes no other; got another activation`);
    refusal(modelOf(both({ go_backwards: false }))).toThrow(expected);
    refusal(modelOf(both({}))).not.toThrow();
    refusal(modelOf(both({}), { keras3: true })).not.toThrow();
  });

  it('calls in training form', () => {
    const called = (training: boolean | null) => ({
      ...layerOf('Dropout', { rate: 0.5 }),
      inbound_nodes: [[['before', 0, 0, { training }]]],
    });
    const expected = 'Dropout layer "odd": expected a call after training; got training=True';
    refusal(modelOf(called(true))).toThrow(expected);
    for (const harmless of [false, null]) refusal(modelOf(called(harmless))).not.toThrow();
    const tensor = { class_name: '__keras_tensor__', config: { keras_history: ['before', 0, 0] } };
    const keras3 = { ...called(null), inbound_nodes: [{ args: [tensor], kwargs: { training: true } }] };
    refusal(modelOf(keras3, { keras3: true })).toThrow(expected);
  });

  it('masks before a mean over steps', () => {
    const layers = [
      layerOf('Embedding', { name: 'words', mask_zero: true }),
      layerOf('GlobalAveragePooling1D', { name: 'mean' }),
    ];
    const json = { modelTopology: { class_name: 'Sequential', config: { name: 'model', layers } } };
    refusal(json).toThrow(
      'layer "mean": expected no masked steps before a GlobalAveragePooling1D; got Embedding "words"',
    );
  });
});

describe('checkedTopology(json, file) of Keras 3', () => {
  const gates = { recurrent_activation: 'hard_sigmoid' };

  it.each([
    ['an activation', layerOf('Dense', { activation: 'hard_sigmoid' }), 'Dense layer "odd": activation'],
    ['a recurrent activation', lstm(gates), 'LSTM layer "memory": recurrent_activation'],
    ['a wrapped layer', layerOf('Bidirectional', { layer: lstm(gates) }), 'LSTM layer "memory": recurrent_activation'],
    ['a backward layer', both(gates), 'LSTM layer "back": recurrent_activation'],
  ])('refuses its hard_sigmoid as %s, also in nested models', (_, layer, name) => {
    for (const nested of [false, true]) {
      refusal(modelOf(layer, { keras3: true, nested })).toThrow(
        `${name}: expected one that means the same in tfjs; got "hard_sigmoid" of Keras 3`,
      );
      refusal(modelOf(layer, { nested })).not.toThrow(/hard_sigmoid/);
    }
  });

  it('gives all activations the names of tfjs', () => {
    const { config } = checkedTopology(modelOf(lstm({ recurrent_activation: 'silu' }), { keras3: true }), 'model.json');
    expect(config).toMatchObject({ config: { layers: [{ config: { recurrent_activation: 'swish' } }] } });
  });
});
