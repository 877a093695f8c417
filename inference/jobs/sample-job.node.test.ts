import { describe, expect, it } from 'vitest';
import { sampleJob } from './sample-job.node.js';
import { parsedRequest } from './words.node.js';

/** What a command line says. */
type Words = Readonly<Record<string, unknown>>;
const jobOf = (words: Words) => sampleJob(parsedRequest(words));
const seeds = (from: number, to: number) => ({ seeds: [{ from, to }] });

describe('sampleJob(parsedRequest(words))', () => {
  it('fills in what is left out', () => {
    expect(jobOf({})).toEqual({
      kind: 'grid',
      source: seeds(0, 63),
      counted: false,
      cells: undefined,
      labels: false,
      ranking: undefined,
      truncation: undefined,
      resume: false,
      scale: undefined,
      saveLatents: undefined,
      out: 'samples.png',
    });
    expect(jobOf({ interpolate: '' })).toEqual({
      kind: 'interpolation',
      source: seeds(0, 3),
      mode: 'slerp',
      frames: 60,
      loop: false,
      easing: 'linear',
      fps: 24,
      format: 'webp',
      truncation: undefined,
      saveLatents: undefined,
      out: 'interpolation',
      overwrite: false,
    });
    expect(jobOf({ format: 'npy' })).toEqual({
      kind: 'shards',
      source: seeds(0, 63),
      format: 'npy',
      ranking: undefined,
      shardSize: 1000,
      resume: false,
      overwrite: false,
      truncation: undefined,
      saveLatents: undefined,
      out: 'samples',
    });
  });

  it.each<[Words, object]>([
    [{ seed: 7, count: 3 }, { source: seeds(7, 9) }],
    [{ grid: '3x2' }, { source: seeds(0, 5), cells: { columns: 3, rows: 2 } }],
    [
      { grid: '5x2', count: 7 },
      { source: seeds(0, 6), cells: { columns: 5, rows: 2 } },
    ],
    [
      { seeds: '4-6,1' },
      {
        source: {
          seeds: [
            { from: 4, to: 6 },
            { from: 1, to: 1 },
          ],
        },
      },
    ],
    [
      { latents: 'z.npy', labels: true },
      { source: { file: 'z.npy' }, labels: true },
    ],
    [
      { format: 'zip', count: 5_000_000 },
      { kind: 'shards', source: seeds(0, 4_999_999), format: 'zip' },
    ],
    [
      { format: 'png', seeds: '7-2000006', resume: true },
      { source: seeds(7, 2_000_006), resume: true },
    ],
    [
      { sort: 'score', keep: 5, format: 'png' },
      { source: seeds(0, 49), ranking: { keep: 5 } },
    ],
    [{ sort: 'score', keep: 5, count: 3e6, format: 'npy' }, { source: seeds(0, 2_999_999) }],
    [
      { sort: 'score', keep: 5, count: 3e6 },
      { kind: 'grid', source: seeds(0, 2_999_999) },
    ],
    [
      { sort: 'score', latents: 'z.npy', format: 'zip' },
      { source: { file: 'z.npy' }, ranking: {} },
    ],
    [
      { interpolate: 'lerp', seed: 2, keyframes: '2' },
      { mode: 'lerp', source: seeds(2, 3) },
    ],
    [
      { interpolate: '', keyframes: '9,3' },
      {
        source: {
          seeds: [
            { from: 9, to: 9 },
            { from: 3, to: 3 },
          ],
        },
      },
    ],
    [{ interpolate: '', seeds: '9-10' }, { source: seeds(9, 10) }],
    [
      { interpolate: '', latents: 'z.json', easing: 'smooth' },
      { source: { file: 'z.json' }, easing: 'smooth' },
    ],
    [{ traverse: '3' }, { steps: 9, animation: undefined, out: 'traversal.png' }],
    [
      { traverse: '3', format: 'mp4', frames: 40, fps: 10 },
      { steps: 9, animation: { format: 'mp4', frames: 40, fps: 10, easing: 'smooth' } },
    ],
    [
      { traverse: '3', out: 'w.gif', easing: 'linear' },
      { animation: { format: 'gif', frames: 60, fps: 24, easing: 'linear' } },
    ],
    [{ interpolate: '', out: 'walk.GIF' }, { format: 'gif' }],
    [{ interpolate: '', out: 'walk.mp4' }, { format: 'mp4' }],
    [{ interpolate: '', out: 'walk', overwrite: true }, { overwrite: true }],
    [{ arithmetic: 'file:z.npy#1 + 2', truncation: 1 }, { truncation: 1 }],
  ])('understands %j', (request, expected) => {
    expect(jobOf(request)).toMatchObject(expected);
  });

  it.each<[Words, RegExp]>([
    [{ seeds: '1', seed: 2 }, /^seeds and seed cannot be combined$/],
    [{ seeds: '1', count: 2 }, /^seeds and count cannot be combined/],
    [{ latents: 'z.npy', seed: 2 }, /^latents and seed cannot be combined$/],
    [{ latents: 'z.npy', truncation: 1 }, /^latents and truncation cannot be combined$/],
    [
      { interpolate: '', keyframes: 'z.npy', truncation: 1 },
      /^truncation: .* not with the latents of a file in `keyframes`$/,
    ],
    [
      { interpolate: '', keyframes: '1,2', truncation: -3 },
      /^truncation: expected a number of at least 0\.01; got -3$/,
    ],
    [{ corners: 'z.npy', truncation: 1 }, /^truncation: .* not with the latents of a file in `corners`$/],
    [
      { arithmetic: 'mean(file:z.npy#1, file:z.npy#2)', truncation: 1 },
      /^truncation: expected to be used with seeds in `arithmetic`; got mean\(file:z\.npy#1, file:z\.npy#2\)$/,
    ],
    [{ interpolate: '', out: 'a.webp', overwrite: true }, /^overwrite: expected .* a folder as `out`; got "a\.webp"$/],
    [{ traverse: '1', overwrite: true }, /^overwrite: expected .* a folder as `out`; got "traversal\.png"$/],
    [{ truncation: -1 }, /^truncation: expected a number of at least 0\.01; got -1$/],
    [{ truncation: 0.001, format: 'png' }, /^truncation: expected a number of at least 0\.01; got 0\.001$/],
    [{ truncation: 0.001, corners: '1-4' }, /^truncation: expected a number of at least 0\.01; got 0\.001$/],
    [{ truncation: 0.001, arithmetic: '1 + 2' }, /^truncation: expected a number of at least 0\.01; got 0\.001$/],
    [{ interpolate: '', seeds: '1,2', keyframes: '2' }, /^seeds and keyframes cannot be combined/],
    [{ interpolate: '', keyframes: '3,x' }, /^keyframes: expected integers and ranges/],
    [{ loop: true }, /^loop: expected to be used with `interpolate`$/],
    [{ resume: true }, /^resume: expected to be used with `format` or `sort`$/],
    [{ keep: 3 }, /^keep: expected to be used with `sort`$/],
    [{ discriminator: 'd.onnx' }, /^discriminator: expected to be used with `sort`$/],
    [{ sort: 'size' }, /^sort: expected one of score; got "size"$/],
    [{ sort: 'score', keep: 0 }, /^keep: expected an integer of 1…1000000; got 0$/],
    [{ sort: 'score', keep: 9, count: 8 }, /^keep: expected at most 8, as many as there are .* to sort; got 9$/],
    [{ sort: 'score', keep: 3, seeds: '1,2', format: 'zip' }, /^keep: expected at most 2,/],
    [
      { sort: 'score', count: 2e6, format: 'zip' },
      /^sort: expected `keep` for more than 1000000 pictures; got 2000000$/,
    ],
    [{ format: 'zip', keep: 3 }, /^keep: expected to be used with `sort`$/],
    [{ format: 'zip', saveLatents: 'z.json' }, /^saveLatents: expected a .npy file for .* shards; got "z.json"$/],
    [{ interpolate: '', sort: 'score' }, /^sort and interpolate cannot be combined$/],
    [{ real: 'x', grid: '2x2' }, /^grid and real cannot be combined$/],
    [{ format: 'npy', loop: true }, /^loop and format cannot be combined$/],
    [{ interpolate: '', grid: '2x2' }, /^grid and interpolate cannot be combined$/],
    [{ interpolate: 'cubic' }, /^interpolate: expected slerp, lerp or nothing; got "cubic"$/],
    [{ grid: '4x4', count: 17 }, /^grid: expected at least 17 cells, one per picture; got 4x4$/],
    [{ grid: '0x4' }, /^grid: expected columns × rows such as 8x8; got "0x4"$/],
    [{ count: Number.NaN }, /^count: .* got NaN$/],
    [{ interpolate: '', keyframes: '1' }, /^keyframes: expected an integer of 2…1000; got 1$/],
    [{ interpolate: '', frames: 3 }, /^frames: expected at least one per key frame, 4; got 3$/],
    [{ interpolate: '', fps: 0 }, /^fps: expected a number above 0 and at most 50; got 0$/],
    [{ interpolate: '', fps: 0.01 }, /^fps: expected at least 0\.016 for webp; got 0\.01$/],
    [{ traverse: '1', format: 'gif', fps: 0.01 }, /^fps: expected at least 0\.016 for gif; got 0\.01$/],
    [{ interpolate: '', seeds: '5' }, /^keyframes: expected at least 2; got 1$/],
    [{ interpolate: '', easing: 'bouncy' }, /^easing: expected one of linear, .*; got "bouncy"$/],
    [{ interpolate: '', format: 'png' }, /^format: expected one of webp, gif, mp4; got "png"$/],
    [{ traverse: '1', format: 'png' }, /^format: expected one of webp, gif, mp4; got "png"$/],
    [{ traverse: '1', fps: 9 }, /^fps: expected to be used with `format`$/],
    [{ traverse: '1', easing: 'smooth' }, /^easing: expected to be used with `format`$/],
    [{ traverse: '1', format: 'gif', frames: 1 }, /^frames: expected an integer of 2…100000; got 1$/],
    [{ traverse: '1', format: 'gif', out: 'a.webp' }, /^out: expected a folder or a .gif file; got "a.webp"$/],
    [{ traverse: '1', out: 'a.jpg' }, /^out: expected a folder or a .png file; got "a.jpg"$/],
    [{ traverse: '1', format: 'gif', loop: true }, /^loop and traverse cannot be combined$/],
    [{ format: 'bmp' }, /^format: expected one of png, webp, npy, zip; got "bmp"$/],
    [{ format: 'png', out: 'a.png' }, /^out: expected a folder; got "a.png"$/],
    [{ interpolate: '', format: 'gif', out: 'a.webp' }, /^out: expected a folder or a .gif file; got "a.webp"$/],
    [{ out: 'grid.jpg' }, /^out: expected a folder or a .png file; got "grid.jpg"$/],
    [{ out: '' }, /^out: expected a folder/],
  ])('refuses %j', (request, message) => {
    expect(() => jobOf(request)).toThrow(message);
  });
});
