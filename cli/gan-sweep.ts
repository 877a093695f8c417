#!/usr/bin/env node
/** @file gan-sweep: trains with many settings, a grid or random ones, and compares the runs. */
import './common/node-version.js';
import { runCommand, UsageError } from './command.js';
import { queuedEngine } from './common/engine.js';
import { exitCodes } from './common/exit-codes.js';

await runCommand(
  'gan-sweep',
  (parser) =>
    parser
      .usage(
        '$0 SWEEP.yaml [options]\n\nTrains with many settings and compares the runs. The file says which settings of gan-train vary ' +
          '(see below, and docs/sweep.md). The same command goes on where a sweep was stopped or killed.',
      )
      .options({
        out: {
          type: 'string',
          requiresArg: true,
          describe: 'Folder of the sweep [default: sweeps/<name of the file>]',
        },
        parallel: { type: 'number', default: 1, describe: 'Runs at the same time on this machine' },
        queue: {
          type: 'string',
          describe:
            'Let the workers of this queue train: the URL of a Redis or Valkey server; without a value that of REDIS_URL',
        },
        'dry-run': { type: 'boolean', default: false, describe: 'List the runs and stop' },
      })
      .epilogue(
        'A small file, whose runs differ in two settings:\n\n  by: kid\n  settings: { data: birds, steps: 3000, features: features.onnx }\n' +
          '  vary: { lr: { log-range: [0.00005, 0.002], points: 5 }, loss: [bce, hinge] }',
      )
      .example('$0 lr.yaml', 'one run after the other')
      .example('$0 lr.yaml --queue redis://host:6379', 'on the machines that run gan-worker'),
  async (options, { print, signal, progress, note, warn }) => {
    const { parallel, queue } = options;
    const [path, ...others] = options._.map(String);
    if (path === undefined || others.length > 0)
      throw new UsageError(`SWEEP.yaml: expected one file; got ${options._.length}`);
    if (!Number.isInteger(parallel) || parallel < 1 || parallel > 64)
      throw new UsageError(`--parallel: expected a whole number of 1…64; got ${parallel}`);
    if (queue !== undefined && parallel !== 1) throw new UsageError('--queue and --parallel cannot be combined');
    const { parallelEngine, readSweep, sweepFolder, sweepJob } = await import('ganscope/fleet');
    const plan = await readSweep(path);
    if (options.dryRun) {
      for (const { name } of plan.runs) print.data(`${name}\n`);
      return;
    }
    const out = options.out ?? sweepFolder(path);
    const engine = queue === undefined ? parallelEngine(parallel) : await queuedEngine(queue, { note, warn });
    const { performJob } = await import('ganscope/tasks');
    const job = await sweepJob(plan, out, queue !== undefined);
    try {
      note(`${plan.runs.length} runs in ${out}, compared by ${plan.by}`);
      if (plan.by.startsWith('loss'))
        note('Losses of different settings do not tell which pictures are better: `features` among the settings does.');
      const bar = progress('runs');
      const report = await performJob(job, engine, {
        signal,
        progress: (done, total, _stage, text) => bar.update(done, total, text),
        log: note,
      }).finally(() => bar.stop());
      if (!report) return;
      print.result(report.table.join('\n'), { best: report.best });
      if (report.best !== undefined) print.info(`Best run: ${report.best}`);
      else if (report.failed.length < plan.runs.length) warn(`No run has what they are compared by: ${report.lacking}`);
      for (const file of report.files) print.info(`  ${out}/${file}`);
      for (const { name, problem } of report.failed) warn(`run ${name} failed: ${problem}`);
      if (report.failed.length > 0) process.exitCode ??= exitCodes.skipped;
    } catch (error) {
      if (signal.aborted) print.info('Interrupted; the same command continues.');
      throw error;
    } finally {
      await job.dispose();
    }
  },
  { takesFiles: true, mayBeEmpty: ['queue'] },
);
