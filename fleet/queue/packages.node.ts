/** @file The packages of the queue, loaded when a queue is used. */
import { InputError } from '../../onnx/errors.js';

export type Bull = typeof import('bullmq');
export type RedisClient = import('ioredis').Redis;

interface Packages {
  bull: Bull;
  Redis: typeof import('ioredis').Redis;
}

/** @throws InputError that says what to install, where they are not installed */
export async function queuePackages(): Promise<Packages> {
  try {
    const [bull, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bull, Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InputError('queue: needs packages of its own: npm install bullmq ioredis', { cause: error });
  }
}
