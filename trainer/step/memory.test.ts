/** @file The memory that a run is expected to take. */
import { describe, expect, it } from 'vitest';
import { emptyGraph, GraphBuilder } from '../../onnx/index.js';
import { configWith } from '../settings/presets.js';
import { expectFits, livePeak, memoryEstimate, memoryLine } from './memory.node.js';

describe('livePeak(graph)', () => {
  it('counts a value from its node to its last use', () => {
    const b = new GraphBuilder(emptyGraph('chain'));
    let value = b.input('x', 'float32', [100]);
    // Two of 400 bytes at a time: the one that is read and the one that is made.
    for (let at = 0; at < 5; at++) value = b.op('Relu', [value]);
    const wide = b.op('Concat', [value, value], { axis: 0 });
    b.output(b.op('ReduceSum', [wide]), 'y');
    expect(livePeak(b.graph)).toBe(400 + 800);
  });
});

describe('memoryEstimate(config, pictures)', () => {
  const small = configWith('space', { imageSize: 8, ngf: 4, ndf: 4, latentDim: 4, batchSize: 4 });

  it('has the state once, and activations that grow with the batch', () => {
    const [one, two] = [memoryEstimate(small, 10), memoryEstimate({ ...small, batchSize: 8 }, 10)];
    expect(two.state).toBe(one.state);
    expect(two.activations / one.activations).toBeGreaterThan(1.5);
    expect(memoryEstimate(small, 10, 2).total).toBeGreaterThan(one.total);
    expect(memoryLine({ ...one, total: 3.21e9 }, 25e9)).toMatch(/^Memory: about 3\.2 GB of 25\.0 GB \(weights/);
  });

  it('names the settings where a tensor is too large for a graph', () => {
    expect(() => memoryEstimate({ ...small, batchSize: 2 ** 23 }, 0)).toThrow(
      /^the step is too large: expected smaller `batchSize` \(8388608\), `ngf` \(4\).*at most 268435456 elements/,
    );
  });

  it('refuses what cannot fit and names a batch that does', () => {
    const config = { ...small, batchSize: 4096 };
    const estimate = memoryEstimate(config, 0);
    const limit = estimate.total - 0.4 * estimate.activations;
    expect(() => expectFits(config, estimate, limit)).toThrow(
      /try `batchSize` 2048, or `ngf` 2 with .*`checkMemory` false/,
    );
    expect(memoryEstimate({ ...config, batchSize: 2048 }, 0).total).toBeLessThan(limit);
    expect(() => expectFits(config, estimate, estimate.total)).not.toThrow();
  });
});
