/** @file The server behind gan-studio: the built page and the runs on disk, by default for this machine only and read only. */
import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError } from '../../onnx/index.js';
import { sendAnswer, sendRefusal, type Answer } from './http/answer.node.js';
import { expectOurHost, isLoopback, isLoopbackHost, ownNames } from './http/guard.node.js';
import { matched, parsedAddress } from './http/match.node.js';
import { Refusal } from './http/refusal.node.js';
import { CheckpointNetworks } from './networks/checkpoint-networks.node.js';
import type { RunPlaces } from './runs.node.js';
import { routes, type Context } from './table.node.js';
import { Trainings } from './training/trainings.node.js';

/** What is served, and where. */
export interface StudioOptions extends RunPlaces {
  /** 0 for any free port. */
  port: number;
  /** Default 127.0.0.1: this machine only. */
  host?: string;
  /**
   * Lets whoever knows the token start, pause, resume and stop trainings, on this machine only: the program and first arguments
   * of gan-train.
   */
  allowTraining?: readonly string[];
  /** Called with what is wrong with the server itself; default: on standard error. */
  onFailure?: (error: unknown) => void;
}

/** A server that listens. */
export interface Studio {
  server: Server;
  url: string;
  /** Whether other machines may reach it: its address is not a loopback address. */
  reachable: boolean;
  /** What changing requests have to know, where trainings are allowed: the page reads it from the end of its address. */
  token?: string;
  /** How many trainings run. */
  readonly running: number;
  /** Ends the server; trainings save and end first. */
  close(): Promise<void>;
}

/**
 * Starts the server; resolves when it listens.
 * @throws InputError if trainings are allowed but other machines could reach it
 */
export async function startStudio(options: StudioOptions): Promise<Studio> {
  const { host = '127.0.0.1', port, run, runs, allowTraining, onFailure = printed } = options;
  if (allowTraining !== undefined && !(await isLoopbackHost(host))) {
    const expected = 'it with a `host` of this machine only, such as 127.0.0.1';
    throw new InputError({ name: 'allowTraining', expected, got: host });
  }
  const context: Context = {
    // A run that was named by a link has the name and the address of its folder.
    places: { runs, ...(run !== undefined && { run: await realpath(run) }) },
    networks: new CheckpointNetworks(),
    training: allowTraining && {
      trainings: new Trainings(allowTraining, runs),
      token: randomBytes(24).toString('base64url'),
    },
  };
  let names: ReadonlySet<string> = new Set();
  const server = createServer((request, response) => {
    void handled(request, response, context, names, onFailure);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  names = ownNames(host, address);
  return {
    server,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`,
    reachable: !isLoopback(address, family === 'IPv6' ? 6 : 4),
    ...(context.training && { token: context.training.token }),
    get running() {
      return context.training?.trainings.running ?? 0;
    },
    async close() {
      await context.training?.trainings.close();
      server.close();
      server.closeAllConnections();
      await context.networks.dispose();
    },
  };
}

const printed = (error: unknown) => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);

async function handled(
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
  names: ReadonlySet<string>,
  onFailure: (error: unknown) => void,
) {
  try {
    expectOurHost(request, names);
    await sendAnswer(request, response, await answered(request, context));
  } catch (error) {
    const refusal = error instanceof InputError ? new Refusal(400, error.message) : error;
    // That somebody who asks goes away is no failure.
    if (!(refusal instanceof Refusal) && request.errored === null) onFailure(error);
    if (response.headersSent) response.destroy();
    else if (refusal instanceof Refusal) sendRefusal(response, refusal);
    else sendRefusal(response, new Refusal(500, 'gan-studio failed; what it prints says why'));
  }
}

/** The answer of the first route that fits. @throws Refusal where there is none */
async function answered(request: IncomingMessage, context: Context): Promise<Answer> {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const address = parsedAddress(request.url ?? '/');
  if (!address) throw new Refusal(400, 'no such address');
  for (const route of routes) {
    const found = route.method === method && matched(route.path, address.parts);
    if (!found) continue;
    const answer = await route.answer({ request, ...found, query: address.query }, context);
    if (answer === undefined) break;
    return answer;
  }
  if (method !== 'GET') throw new Refusal(405, 'this server only shows things');
  throw new Refusal(404, 'there is no such thing here');
}
