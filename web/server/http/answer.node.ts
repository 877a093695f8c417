/** @file Sending what a route answers. */
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HEADERS, TYPES } from './headers.node.js';
import type { Refusal } from './refusal.node.js';

/** Data, or a file under the name that its type comes from; it is closed when it is sent. */
export type Answer = { json: unknown } | { file: FileHandle; name: string };

/** Sends an answer, without its body to a HEAD request. */
export async function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const isHead = request.method === 'HEAD';
  if ('json' in answer) {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json' });
    response.end(isHead ? undefined : JSON.stringify(answer.json));
    return;
  }
  const { file, name } = answer;
  try {
    const { size } = await file.stat();
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': size });
    if (isHead || size === 0) response.end();
    // A file may grow meanwhile: send as many bytes as announced.
    else await pipeline(file.createReadStream({ end: size - 1, autoClose: false }), response);
  } catch {
    response.destroy();
  } finally {
    await file.close();
  }
}

/** Says in one line why there is no answer. */
export function sendRefusal(response: ServerResponse, { status, message }: Refusal): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
}
