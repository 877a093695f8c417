import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { JsonLines, rowCheck } from './metrics.node.js';
import { ThinnedRows } from './thinned-rows.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-lines-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const check = rowCheck(1, ['seconds'], ['loss']);
const line = (step: number) => `${JSON.stringify({ step, loss: 1, seconds: 0.5 })}\n`;
const lines = (count: number) => Array.from({ length: count }, (_, i) => line(i + 1)).join('');

async function opened(text: string, done: number) {
  const path = join(folder, 'rows.jsonl');
  await writeFile(path, text);
  return { path, rows: await JsonLines.open<{ step: number }>(path, done, check) };
}

describe('JsonLines.open(path, done)', () => {
  it.each([
    ['later rows', lines(9)],
    ['a line that was cut off', `${lines(4)}{"step":5,"lo`],
    ['everything after a later row', `${lines(5)}null\n`],
  ])('drops %s', async (_, text) => {
    const { path, rows } = await opened(text, 4);
    expect(rows.rows.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(await readFile(path, 'utf8')).toBe(lines(4));
    rows.add({ step: 5, loss: 1, seconds: 0.5 } as { step: number });
    expect(rows.waiting).toBe(1);
    await rows.flush();
    expect(await readFile(path, 'utf8')).toBe(lines(5));
  });

  it.each([
    ['null', 'a JSON object'],
    ['[1]', 'a JSON object'],
    ['nothing', 'a JSON object'],
    ['', 'a JSON object'],
    ['{"step":"2","seconds":1}', 'a whole number as step'],
    ['{"step":2}', 'a number as seconds'],
    ['{"step":2,"seconds":1,"loss":"x"}', 'a number as loss'],
  ])('refuses the line %s in one line', async (bad, expected) => {
    const error: unknown = await opened(`${line(1)}${bad}\n${line(3)}`, 3).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toBe(
      `${join(folder, 'rows.jsonl')}, line 2: expected ${expected}; got ${bad || 'nothing'}`,
    );
  });

  it('refuses a line that does not end', async () => {
    await expect(opened('x'.repeat(3_000_000), 3)).rejects.toThrow('lines of at most 65536 bytes');
  });

  it('reads lines across the ends of its parts', async () => {
    const text = lines(60_000);
    const { path, rows } = await opened(text, 59_999);
    expect(rows.rows.at(-1)).toMatchObject({ step: 59_999 });
    expect((await readFile(path, 'utf8')).length).toBe(text.length - line(60_000).length);
  });
});

describe('ThinnedRows', () => {
  it.each([5, 999, 1000, 4321, 100_000])('keeps some of %d rows in order, the first and the last hundred', (count) => {
    const thinned = new ThinnedRows<number>(1000);
    for (let i = 0; i < count; i++) thinned.add(i);
    const { rows } = thinned;
    expect(rows.length).toBeLessThan(1200);
    expect(rows.length).toBeGreaterThanOrEqual(Math.min(count, 500));
    expect(rows[0]).toBe(0);
    expect(rows.slice(-100)).toEqual(
      Array.from({ length: Math.min(100, count) }, (_, i) => count - Math.min(100, count) + i),
    );
    expect(rows.every((row, i) => i === 0 || row > (rows[i - 1] as number))).toBe(true);
  });
});
