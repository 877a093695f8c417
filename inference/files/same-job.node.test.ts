import { expect, test } from 'vitest';
import { expectSameJob } from './same-job.node.js';

test('a job that differs deep in long options is refused with the names and values that differ', () => {
  const job = (metrics: readonly string[]) => ({ options: { filler: 'x'.repeat(200), runs: { seed: 0, metrics } } });
  expect(() => expectSameJob('results.jsonl', job(['a']), job(['b']))).toThrow(
    'expected the job of results.jsonl, where options.runs.metrics is ["a"]; got ["b"]',
  );
  expect(() => expectSameJob('results.jsonl', job(['a']), job(['a']))).not.toThrow();
});

test('a value that is missing on one side is named too', () => {
  expect(() => expectSameJob('results.jsonl', { options: { seed: 0 } }, { options: {} })).toThrow(
    'where options.seed is 0; got nothing',
  );
});
