import { describe, expect, it } from 'vitest';
import { toySpec } from '../toy-job.test.helper.js';
import { orderId, orderText, parsedAnswer, parsedOrder, parsedTask, parsedTaskId, taskId } from './messages.js';

const order = 'a'.repeat(64);

describe('tasks', () => {
  it('have names without colons, which are read again', () => {
    const task = { order, stage: 'files', task: 12 };
    expect(taskId(task)).toBe(`${order}-files-12`);
    expect(parsedTaskId(taskId(task))).toEqual(task);
    expect(parsedTaskId('12')).toBeUndefined();
    expect(parsedTaskId(`${order}-../x-1`)).toBeUndefined();
  });

  it.each([
    null,
    'text',
    [],
    {},
    { order, stage: 'files' },
    { order: 'A'.repeat(64), stage: 'files', task: 0 },
    { order, stage: '../files', task: 0 },
    { order, stage: 'files', task: -1 },
    { order, stage: 'files', task: 0.5 },
    { order, stage: 'files', task: 1e300 },
    { order, stage: 'files', task: '0' },
    { order, stage: 'files', task: 0, path: '/etc/passwd' },
    JSON.parse(`{"__proto__":{"order":"${order}"},"stage":"files","task":0}`) as object,
  ])('refuse %j', (value) => {
    expect(() => parsedTask(value)).toThrow(/^task: expected an order, a stage and a number; got /);
  });
});

describe('orders', () => {
  const text = orderText(toySpec('/data/out', 3));
  it('travel as text', () => {
    expect(parsedOrder(text, orderId(text))).toEqual(toySpec('/data/out', 3));
  });

  it.each([
    [/^job: expected the order a+; got [0-9a-f]+$/, text, order],
    [/^job: expected at most 1048576 characters; got 2000000$/, 'x'.repeat(2e6), undefined],
    [/^job: expected JSON/, '{', undefined],
    [/^job: expected an object$/, 'null', undefined],
    [
      /^job\.__proto__: expected no such field$/,
      text.replace('"options":{', '"options":{"__proto__":{"a":1},'),
      undefined,
    ],
    [/^job\.constructor: expected no such field$/, text.replace('{"command"', '{"constructor":1,"command"'), undefined],
    [/^job\.command: expected one of gan-sample, /, text.replace('gan-sample', 'rm'), undefined],
    [/^job\.shell: expected no such field$/, text.replace('{"command"', '{"shell":"id","command"'), undefined],
  ])('are refused with %s', (message, each, id) => {
    expect(() => parsedOrder(each, id ?? orderId(each))).toThrow(message);
  });
});

describe('parsedAnswer(value)', () => {
  it('takes what is an answer, and no more than is read', () => {
    expect(parsedAnswer({ worker: 'one', problem: 'x'.repeat(9999) })?.problem).toHaveLength(2000);
    for (const value of [null, 3, 'one', [], { worker: 3 }]) expect(parsedAnswer(value)).toBeUndefined();
  });
});
