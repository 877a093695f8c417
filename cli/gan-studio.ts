#!/usr/bin/env node
/** @file gan-studio: serves the page that samples, interpolates and explains in the browser, with the runs on disk. */
import { runCommand } from './command.js';

await runCommand(
  'gan-studio',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nServes a page for the browser: samples, interpolations and explanations, computed there, with the networks ' +
          'of the runs found on disk; and the curves and samples of a run while it trains. Nothing is written.',
      )
      .options({
        run: { type: 'string', describe: "A run's folder to show first [default: the newest of runs/]" },
        port: { type: 'number', default: 8765, describe: 'Port; 0 takes a free one' },
        host: {
          type: 'string',
          default: '127.0.0.1',
          describe: 'Address to listen on; the default is this machine alone',
        },
      })
      .example('$0', 'http://127.0.0.1:8765/ with all runs')
      .example('$0 --run /data/birds --port 9000', 'a run that is elsewhere'),
  async ({ run, port, host }) => {
    const { startStudio } = await import('ganscope/studio');
    const { InputError } = await import('ganscope/errors');
    const { resolveRun } = await import('ganscope/inference');
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new InputError(`--port: expected an integer of 0…65535; got ${port}`);
    }
    const folder = run === undefined ? undefined : await resolveRun(run);
    const { url } = await startStudio({
      runs: 'runs',
      port,
      host,
      ...(folder !== undefined && { run: folder }),
    }).catch((error: NodeJS.ErrnoException) => {
      throw new InputError(`--port: cannot listen on ${host}:${port} (${error.code ?? error.message})`);
    });
    console.log(`${url}  (Ctrl-C ends it)`);
  },
);
