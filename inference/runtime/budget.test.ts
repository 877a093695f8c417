import { describe, expect, test } from 'vitest';
import { Budget } from './budget.js';

describe('budget.run(size, task)', () => {
  test('starts tasks in order while they fit, and a larger one alone', async () => {
    const budget = new Budget(10);
    const events: string[] = [];
    const ends: (() => void)[] = [];
    const sizes = [6, 4, 25, 3];
    const tasks = sizes.map((size, at) =>
      budget.run(size, async () => {
        events.push(`start ${at}`);
        await new Promise<void>((resolve) => (ends[at] = resolve));
        events.push(`end ${at}`);
        return at;
      }),
    );
    const end = async (at: number) => {
      ends[at]?.();
      await tasks[at];
      await Promise.resolve();
    };
    await Promise.resolve();
    expect(events).toEqual(['start 0', 'start 1']);
    await end(0);
    expect(events).toEqual(['start 0', 'start 1', 'end 0']);
    await end(1);
    expect(events.slice(3)).toEqual(['end 1', 'start 2']);
    await end(2);
    expect(events.slice(5)).toEqual(['end 2', 'start 3']);
    await end(3);
    expect(await Promise.all(tasks)).toEqual([0, 1, 2, 3]);
  });

  test('goes on after a task that fails', async () => {
    const budget = new Budget(1);
    const failed = budget.run(1, () => Promise.reject(new Error('no')));
    const next = budget.run(1, () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
