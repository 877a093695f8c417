/** @file What travels through a queue: orders (a job and where it is), their tasks, and what workers answer. */
import { createHash } from 'node:crypto';
import { InputError } from '../../onnx/errors.js';
import { canonicalJson, isJsonObject, type JsonObject } from '../../inference/tasks/canonical.js';
import { parsedJobSpec, type JobSpec } from '../../inference/tasks/spec.node.js';

/** One task of an order. */
export interface TaskMessage {
  /** `orderId` of the job. */
  order: string;
  stage: string;
  task: number;
}

/** What a worker says about a task. */
export interface WorkerAnswer {
  /** The worker's name: its machine and process. */
  worker: string;
  /** Why this attempt failed. */
  problem?: string;
}

/** Characters of an order, and of a worker's line. */
const MOST_ORDER = 2 ** 20;
const MOST_LINE = 2000;
const MOST_TASKS = 1e9;
const STAGE = /^[a-z][a-z0-9-]{0,39}$/;

/** The text of a job for workers, paths included. @throws InputError if workers would refuse it as too long */
export function orderText(spec: JobSpec): string {
  const text = canonicalJson(spec as unknown as JsonObject);
  if (text.length > MOST_ORDER)
    throw new InputError({ name: 'queue', expected: `a job of at most ${MOST_ORDER} characters`, got: text.length });
  return text;
}

/** An order's name: SHA-256 of its text. The same job in the same place is the same order, whoever sends it. */
export function orderId(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The one name of a task in its queue. BullMQ takes no colons and no integers. */
export function taskId({ order, stage, task }: TaskMessage): string {
  return `${order}-${stage}-${task}`;
}

/** Reads a task's name. @returns nothing for other names */
export function parsedTaskId(id: string): TaskMessage | undefined {
  const [, order, stage, task] = /^([0-9a-f]{64})-(.+)-(\d{1,10})$/.exec(id) ?? [];
  if (order === undefined || stage === undefined || !STAGE.test(stage)) return undefined;
  return { order, stage, task: Number(task) };
}

/** @throws InputError for anything but a task */
export function parsedTask(value: unknown): TaskMessage {
  const { order, stage, task, ...others } = isJsonObject(value) ? value : ({} as JsonObject);
  const fits =
    typeof order === 'string' &&
    /^[0-9a-f]{64}$/.test(order) &&
    typeof stage === 'string' &&
    STAGE.test(stage) &&
    typeof task === 'number' &&
    Number.isInteger(task) &&
    task >= 0 &&
    task < MOST_TASKS &&
    Object.keys(others).length === 0;
  if (!fits) throw new InputError({ name: 'task', expected: 'an order, a stage and a number', got: shortened(value) });
  return { order, stage, task };
}

/**
 * Reads the job of an order.
 * @throws InputError for texts that are no job, or another one than `id` names
 */
export function parsedOrder(text: string, id: string): JobSpec {
  if (text.length > MOST_ORDER)
    throw new InputError({ name: 'job', expected: `at most ${MOST_ORDER} characters`, got: text.length });
  if (orderId(text) !== id) throw new InputError({ name: 'job', expected: `the order ${id}`, got: orderId(text) });
  let value: unknown;
  try {
    value = JSON.parse(text, (key, each: unknown) => {
      if (key === '__proto__' || key === 'constructor' || key === 'prototype')
        throw new InputError({ name: `job.${key}`, expected: 'no such field' });
      return each;
    });
  } catch (error) {
    throw error instanceof InputError
      ? error
      : new InputError({ name: 'job', expected: 'JSON', got: 'something else' });
  }
  return parsedJobSpec(value);
}

/** What a worker said, as far as it is an answer: whoever reaches the queue may write anything. */
export function parsedAnswer(value: unknown): WorkerAnswer | undefined {
  const { worker, problem } = isJsonObject(value) ? value : ({} as JsonObject);
  if (typeof worker !== 'string') return undefined;
  return {
    worker: worker.slice(0, 100),
    ...(typeof problem === 'string' && { problem: problem.slice(0, MOST_LINE) }),
  };
}

function shortened(value: unknown): string {
  return (JSON.stringify(value) ?? typeof value).slice(0, 200);
}
