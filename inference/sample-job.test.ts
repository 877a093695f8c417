import { describe, expect, it } from 'vitest';
import { normalLatents } from './latents.js';
import { jobLatents, sampleJob, type SampleRequest } from './sample-job.js';

describe('sampleJob(request)', () => {
  it('fills in what is left out', () => {
    expect(sampleJob({})).toEqual({
      kind: 'grid',
      seeds: Array.from({ length: 64 }, (_, i) => i),
      columns: 8,
      out: 'samples.png',
    });
    expect(sampleJob({ interpolate: '' })).toEqual({
      kind: 'interpolation',
      seeds: [0, 1, 2, 3],
      mode: 'slerp',
      frames: 60,
      loop: false,
      fps: 24,
      format: 'webp',
      out: 'interpolation',
    });
  });

  it.each<[SampleRequest, object]>([
    [
      { seed: 7, count: 3 },
      { seeds: [7, 8, 9], columns: 2 },
    ],
    [{ grid: '3x2' }, { seeds: [0, 1, 2, 3, 4, 5], columns: 3 }],
    [{ grid: '5x2', count: 7 }, { columns: 5 }],
    [{ seeds: '4-6,1' }, { seeds: [4, 5, 6, 1], columns: 2 }],
    [
      { interpolate: 'lerp', seed: 2, keyframes: 2 },
      { mode: 'lerp', seeds: [2, 3] },
    ],
    [{ interpolate: '', seeds: '9,3' }, { seeds: [9, 3] }],
    [{ interpolate: '', out: 'walk.GIF' }, { format: 'gif' }],
  ])('understands %j', (request, expected) => {
    expect(sampleJob(request)).toMatchObject(expected);
  });

  it.each<[SampleRequest, RegExp]>([
    [{ seeds: '1', seed: 2 }, /^--seeds: expected it without --seed; got both$/],
    [{ seeds: '1', count: 2 }, /^--seeds: expected it without --count/],
    [{ interpolate: '', seeds: '1,2', keyframes: 2 }, /^--seeds: expected it without --keyframes/],
    [{ loop: true }, /^--loop: expected it together with --interpolate/],
    [{ interpolate: '', grid: '2x2' }, /^--grid: expected it without --interpolate/],
    [{ interpolate: 'cubic' }, /^--interpolate: expected slerp, lerp or nothing; got "cubic"$/],
    [{ grid: '4x4', count: 17 }, /^--grid: expected at least 17 cells, one per picture; got 4x4$/],
    [{ grid: '0x4' }, /^--grid: expected columns × rows such as 8x8; got "0x4"$/],
    [{ count: Number.NaN }, /^--count: .* got NaN$/],
    [{ interpolate: '', keyframes: 1 }, /^--keyframes: expected an integer of 2…1000; got 1$/],
    [{ interpolate: '', frames: 3 }, /^--frames: expected at least one per key frame, 4; got 3$/],
    [{ interpolate: '', fps: 0 }, /^--fps: expected a number above 0 and at most 50; got 0$/],
    [{ interpolate: '', seeds: '5' }, /^--seeds: expected at least 2 to walk between; got 1$/],
    [{ interpolate: '', format: 'gif', out: 'a.webp' }, /^--out: expected a folder or a .gif file; got "a.webp"$/],
    [{ out: 'grid.jpg' }, /^--out: expected a folder or a .png file; got "grid.jpg"$/],
    [{ out: '' }, /^--out: expected a folder/],
  ])('refuses %j', (request, message) => {
    expect(() => sampleJob(request)).toThrow(message);
  });
});

describe('jobLatents(job, generator)', () => {
  const generator = { latentDim: 6, channels: 3, height: 64, width: 64 } as const;

  it("walks a loop through the seeds' latents in equal times", () => {
    const path = jobLatents(sampleJob({ interpolate: '', seeds: '8,3', frames: 4, loop: true }), generator);
    const ends = normalLatents([8, 3], 6);
    expect(path).toHaveLength(4 * 6);
    expect(path.slice(0, 6)).toEqual(ends.slice(0, 6));
    expect(path.slice(12, 18)).toEqual(ends.slice(6));
    expect(path.slice(18)).toEqual(path.slice(6, 12));
  });

  it('refuses more pictures than fit into memory', () => {
    const large = { ...generator, height: 1024, width: 1024 };
    expect(() => jobLatents(sampleJob({ count: 400 }), large)).toThrow(
      /^--count: expected at most 341 pictures of 1024×1024; got 400$/,
    );
  });
});
