/** @file A `Group` of the main thread, used by the thread of the training step. */
import type { MessagePort } from 'node:worker_threads';
import { InputError } from '../../onnx/errors.js';
import type { Group } from './state/group.js';

/** What a thread needs to use the group of its owner. */
export interface GroupPort extends Pick<Group, 'rank' | 'size' | 'localRank' | 'localSize' | 'description'> {
  port: MessagePort;
}

type Request = { mean: Float32Array<ArrayBuffer> } | { fromFirst: Uint8Array<ArrayBuffer> };
type Reply = { value: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> } | { problem: string };

/** Answers the requests of `PortGroup` at the other end. */
export function serveGroup(group: Group, port: MessagePort): void {
  port.on('message', async (request: Request) => {
    try {
      const value = await ('mean' in request ? group.mean(request.mean) : group.fromFirst(request.fromFirst));
      port.postMessage({ value } satisfies Reply, [value.buffer]);
    } catch (error) {
      port.postMessage({ problem: (error as Error).message } satisfies Reply);
    }
  });
  // A run that ends by an error is not kept from ending.
  port.unref();
}

/** The group as the thread sees it. One call at a time. */
export class PortGroup implements Group {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly description: string;
  readonly #port: MessagePort;

  constructor({ port, rank, size, localRank, localSize, description }: GroupPort) {
    this.#port = port;
    [this.rank, this.size, this.localRank, this.localSize] = [rank, size, localRank, localSize];
    this.description = description;
  }

  mean(values: Float32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>> {
    return this.#ask({ mean: values }, values.buffer);
  }

  fromFirst(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ fromFirst: bytes }, bytes.buffer);
  }

  #ask<T>(request: Request, buffer: ArrayBuffer): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#port.once('message', (reply: Reply) => {
        if ('problem' in reply) reject(new InputError(reply.problem));
        else resolve(reply.value as T);
      });
      this.#port.postMessage(request, [buffer]);
    });
  }
}
