import { describe, expect, it } from 'vitest';
import { chosenShard, isOfShard, type ChosenShard, type Environment } from './shard.js';

const slurm = (id: number, count: number, least: number, step?: number): Environment => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_COUNT: `${count}`,
  SLURM_ARRAY_TASK_MIN: `${least}`,
  ...(step !== undefined && { SLURM_ARRAY_TASK_STEP: `${step}` }),
});

describe('chosenShard(text, environment)', () => {
  it.each<[string | undefined, Environment, ChosenShard | undefined]>([
    [undefined, {}, undefined],
    ['0/1', {}, { shard: { index: 0, count: 1 } }],
    [' 7 / 8 ', slurm(1, 2, 0), { shard: { index: 7, count: 8 } }],
    [undefined, slurm(0, 8, 0), { shard: { index: 0, count: 8 }, from: 'SLURM_ARRAY_TASK_ID' }],
    [undefined, slurm(8, 8, 1), { shard: { index: 7, count: 8 }, from: 'SLURM_ARRAY_TASK_ID' }],
    [undefined, slurm(6, 4, 0, 2), { shard: { index: 3, count: 4 }, from: 'SLURM_ARRAY_TASK_ID' }],
    // One task of an array that is submitted again.
    [undefined, slurm(5, 1, 5), { shard: { index: 0, count: 1 }, from: 'SLURM_ARRAY_TASK_ID' }],
    ['/8', slurm(5, 1, 5), { shard: { index: 5, count: 8 }, from: 'SLURM_ARRAY_TASK_ID' }],
    ['/3', { JOB_COMPLETION_INDEX: '2' }, { shard: { index: 2, count: 3 }, from: 'JOB_COMPLETION_INDEX' }],
    // A Job says nothing of how many there are.
    [undefined, { JOB_COMPLETION_INDEX: '2' }, undefined],
  ])('of %j in %j is %j', (text, environment, shard) => {
    expect(chosenShard(text, environment)).toEqual(shard);
  });

  it.each<[string | undefined, Environment, string]>([
    ['3', {}, 'shard: expected I/N with I of 0…N−1, such as 0/8, or /N with the number from the environment; got "3"'],
    ['8/8', {}, 'got "8/8"'],
    ['0/0', {}, 'got "0/0"'],
    ['-1/8', {}, 'got "-1/8"'],
    ['0/1000001', {}, 'got "0/1000001"'],
    ['/8', {}, 'shard: expected I/N, as neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; got "/8"'],
    ['/2', { JOB_COMPLETION_INDEX: '2' }, 'JOB_COMPLETION_INDEX: expected a number of 0…1, as `shard` says; got 2'],
    ['/2', { JOB_COMPLETION_INDEX: 'x' }, 'JOB_COMPLETION_INDEX: expected a number, as the scheduler sets it; got "x"'],
    [undefined, slurm(7, 2, 3), 'SLURM_ARRAY_TASK_ID: expected a number of an array without gaps, such as --array=0-7'],
    [undefined, { ...slurm(1, 2, 0), SLURM_ARRAY_TASK_MIN: '' }, 'SLURM_ARRAY_TASK_MIN: expected a number'],
  ])('of %j in %j is refused', (text, environment, message) => {
    expect(() => chosenShard(text, environment)).toThrow(message);
  });
});

describe('isOfShard(shard, task)', () => {
  it('gives each task to one shard', () => {
    const owners = Array.from({ length: 10 }, (_, task) =>
      [0, 1, 2].filter((index) => isOfShard({ index, count: 3 }, task)),
    );
    expect(owners).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0].map((owner) => [owner]));
  });
});
