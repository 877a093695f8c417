#!/usr/bin/env node
/** @file gan-studio: serves the page that samples, interpolates and explains in the browser, with the runs on disk. */
import { fileURLToPath } from 'node:url';
import './common/node-version.js';
import { reportError } from './common/errors.js';
import { runCommand } from './command.js';

/** Failures to listen that another address would change: names that mean none, and addresses of other machines. */
const OF_HOST: ReadonlySet<string | undefined> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL']);

const trainScript = fileURLToPath(new URL('./gan-train.js', import.meta.url));

await runCommand(
  'gan-studio',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nServes a web page that samples, interpolates and explains with the networks of your runs, and shows the ' +
          'curves and samples of a run while it trains. The browser computes everything; nothing is written into the runs, unless ' +
          '--allow-training lets the page start trainings.',
      )
      .options({
        run: { type: 'string', describe: 'Folder of the run to show first [default: the newest of runs/]' },
        port: { type: 'number', default: 8765, describe: 'Port; 0 for any free port' },
        host: {
          type: 'string',
          default: '127.0.0.1',
          describe: 'Address to listen on; by default only this machine can open the page',
        },
        'allow-training': {
          type: 'boolean',
          default: false,
          describe:
            'Let the page start, pause, resume and stop trainings in runs/; only with the printed address, on this machine',
        },
      })
      .example('$0', 'http://127.0.0.1:8765/ with all runs')
      .example('$0 --allow-training', 'start and stop trainings on the page, too')
      .example('$0 --run /data/birds --port 9000', 'start with a run in another place'),
  async ({ run, port, host, allowTraining }, { print, signal }) => {
    const { startStudio } = await import('ganscope/studio');
    const { InputError } = await import('ganscope/errors');
    const { resolveRun } = await import('ganscope/inference');
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new InputError(`--port: expected an integer of 0…65535; got ${port}`);
    }
    const folder = run === undefined ? undefined : await resolveRun(run);
    const studio = await startStudio({
      runs: 'runs',
      port,
      host,
      ...(folder !== undefined && { run: folder }),
      ...(allowTraining && { allowTraining: [process.execPath, trainScript] }),
      onFailure: (error) => reportError(error, print, []),
    }).catch((error: NodeJS.ErrnoException) => {
      if (error instanceof InputError) throw error;
      const flag = OF_HOST.has(error.code) ? '--host' : '--port';
      throw new InputError(`${flag}: cannot listen on ${host}:${port} (${error.code ?? error.message})`);
    });
    if (studio.reachable)
      print.warn(`with --host ${host} other machines may open this page and see all runs; there is no password.`);
    const token = studio.token === undefined ? '' : `#token=${studio.token}`;
    print.result(`${studio.url}${token}  (Ctrl-C stops it)`);
    await aborted(signal);
    if (studio.running > 0)
      print.info(`Saving ${studio.running === 1 ? 'a training' : `${studio.running} trainings`}.`);
    await studio.close();
  },
);

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
