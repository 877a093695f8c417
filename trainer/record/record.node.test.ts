import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { presets } from '../settings/presets.js';
import { RunRecord } from './record.node.js';

afterEach(() => {
  vi.useRealTimers();
});

it('writes rows fifty at a time where steps are quick, and each where they are slow', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const run = await mkdtemp(join(tmpdir(), 'ganscope-record-'));
  const record = await RunRecord.open(run, presets.space, 0);
  const written = async () => {
    const text = await readFile(join(run, 'metrics.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  };
  let step = 0;
  const after = async (steps: number, milliseconds: number) => {
    for (let i = 0; i < steps; i++) {
      vi.advanceTimersByTime(milliseconds);
      const numbers = { epoch: 1, lossD: 1, lossG: 1, dReal: 0.5, dFakeBefore: 0.5, dFakeAfter: 0.5 };
      await record.step({ step: ++step, ...numbers, seconds: milliseconds / 1000 });
    }
    return written();
  };
  expect(await after(49, 10)).toBe(0);
  expect(await after(1, 10)).toBe(50);
  expect(await after(20, 10)).toBe(50);
  expect(await after(1, 6000)).toBe(71);
  expect(await after(1, 4000)).toBe(71);
  expect(await after(1, 4000)).toBe(73);
  await rm(run, { recursive: true });
});
