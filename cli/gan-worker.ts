#!/usr/bin/env node
/** @file gan-worker: runs tasks of bulk jobs that others send through a queue. */
import './common/node-version.js';
import { givenTexts, runCommand } from './command.js';
import { deviceOption } from './common/options.js';
import { isS3 } from './storage/fetched.js';

await runCommand(
  'gan-worker',
  (parser) =>
    parser
      .usage(
        '$0 --queue URL --root DIR [options]\n\nRuns tasks of gan-sample, gan-gradcam, gan-eval and gan-sweep that were sent with --queue, until it is ' +
          'told to stop (SIGTERM, Ctrl-C): then it finishes its tasks. Needs the packages bullmq and ioredis.',
      )
      .options({
        queue: {
          type: 'string',
          describe:
            'URL of the Redis or Valkey server, such as redis://host:6379, or rediss://host:6380 with TLS [default: REDIS_URL]. ' +
            'The variables REDIS_USERNAME, REDIS_PASSWORD, GANSCOPE_QUEUE (name of the queue) and BULL_PREFIX count too',
        },
        root: {
          type: 'string',
          requiresArg: true,
          describe:
            'Folder, or s3://bucket/prefix, that jobs may read and write, nothing else; may be given several times',
        },
        concurrency: {
          type: 'number',
          default: 1,
          describe: 'Tasks at the same time, where one leaves the machine idle',
        },
        drain: {
          type: 'boolean',
          default: false,
          describe: 'End when no task is left and no command waits for one',
        },
        lease: {
          type: 'number',
          default: 30,
          describe: 'Seconds after which the tasks of a worker that is gone are given to others',
        },
        device: deviceOption,
      })
      .example('$0 --queue redis://10.0.0.5:6379 --root /data', 'serve until told to stop')
      .example('$0 --root /data --root /models --drain', 'the server of REDIS_URL, until there is nothing left to do'),
  async ({ queue = '', concurrency, drain, lease, device }, { print, signal, note, warn, messageOf }) => {
    const { InputError } = await import('ganscope/errors');
    const { openJob, Originals, queueAddress, serveQueue, shownText, workerRoots } = await import('ganscope/fleet');
    const within = (name: string, value: number, least: number, most: number) => {
      if (!Number.isInteger(value) || value < least || value > most)
        throw new InputError({ name, expected: `an integer of ${least}…${most}`, got: value });
    };
    within('concurrency', concurrency, 1, 256);
    within('lease', lease, 1, 3600);
    const address = queueAddress(queue, process.env);
    const roots = await workerRoots(givenTexts('root'));
    print.shown = shownText;
    const originals = new Originals(process.env);
    if (roots.some(isS3)) await originals.ready();
    const { done, failed } = await serveQueue(address, {
      open: (spec) => openJob(spec, { device, roots, originals }),
      concurrency,
      drain,
      lease,
      signal,
      note,
      warn,
      detail: (text) => print.detail(text),
      messageOf,
    }).finally(() => originals.close());
    const failures = failed > 0 ? `, ${failed} failed attempts` : '';
    print.info(`${done} ${done === 1 ? 'task' : 'tasks'} done${failures}.`);
  },
  { mayBeEmpty: ['queue'], repeatable: ['root'] },
);
