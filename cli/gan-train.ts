#!/usr/bin/env node
/** @file gan-train: trains a DCGAN on a folder of pictures or on the built-in space pictures. */
import './node-version.js';
import type { TrainProgress } from 'ganscope/trainer';
import {
  configSettings,
  describedSettings,
  givenSettings,
  runDefaults,
  runSettings,
  settingSources,
} from 'ganscope/trainer/settings';
import { runCommand, UsageError } from './command.js';
import { flagOptions, flagValues } from './parse/settings-flags.js';

const table = { ...configSettings, ...runSettings };

await runCommand(
  'gan-train',
  (parser) =>
    parser
      .usage('$0 [options]\n\nTrains a DCGAN. Without --data it uses built-in pictures of stars, planets and galaxies.')
      .options(flagOptions(table, runDefaults))
      .options({
        config: {
          type: 'string',
          requiresArg: true,
          describe: 'JSON or YAML file of settings; options on the command line take precedence',
        },
        'print-config': { type: 'boolean', describe: 'Print all settings and where they come from, then exit' },
        resume: { type: 'string', describe: 'Resume a run: its folder, or no value for the latest run' },
      })
      .example('$0', 'train on the built-in space pictures')
      .example('$0 --data birds --batch-size 64 --lr 0.0002 --steps 5000', 'train on your own pictures')
      .example('$0 --resume', 'resume the latest run'),
  async (options, { print, signal, progress, note, warn, device, skipped }) => {
    const sources = await settingSources(flagValues(options, table), options.config);
    const given = givenSettings(sources);
    if (options.printConfig) {
      if (options.resume !== undefined)
        throw new UsageError('--print-config: a resumed run has its settings in config.json');
      print.data(describedSettings(sources));
      return;
    }
    const { startRun, train } = await import('ganscope/trainer');
    const { assumptionLines } = await import('./common/lines.js');
    const { qualityLines } = await import('./common/quality-lines.js');
    const reading = progress('pictures');
    const { run, notes, assumed, machine, logEvery, evaluation, release, ...job } = await startRun(
      { ...given, resume: options.resume },
      (loaded, total) => reading.update(loaded, total, 'reading'),
      signal,
    ).finally(() => reading.stop());
    for (const line of [...notes, ...assumptionLines(assumed)]) note(line);
    device(machine);
    const [bar, comparing] = [progress('steps'), progress('pictures')];
    const { done, files } = await train({
      ...job,
      run,
      evaluation: evaluation && {
        ...evaluation,
        progress_callback: (compared, total) => comparing.update(compared, total, 'comparing'),
        result_callback: (row) => {
          comparing.stop();
          for (const line of qualityLines(row)) print.info(line);
        },
      },
      signal,
      estimate_callback: note,
      warning_callback: warn,
      progress_callback: (made) => {
        const { row, steps, picturesPerSecond } = made;
        if (row.step === 1 || row.step % logEvery === 0) print.info(logLine(made), { ...row });
        bar.update(row.step, steps, `${picturesPerSecond.toFixed(1)} pictures/s`);
      },
    }).finally(async () => {
      bar.stop();
      await release();
    });
    if (done < job.steps)
      print.info(`Stopped after ${done} of ${job.steps} steps. Resume with: gan-train --resume ${run}`);
    else if (done > job.done) print.info(`Trained ${done} steps.`);
    for (const file of ['config.json', 'metrics.jsonl', 'samples/', 'checkpoints/', ...files])
      print.info(`  ${run}/${file}`);
    skipped(job.loader.skipped);
  },
  { mayBeEmpty: ['resume'] },
);

/** The seeds' log line. */
function logLine({ row, steps, stepsPerEpoch }: TrainProgress): string {
  const f = (value: number) => value.toFixed(4);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  return (
    `[${row.epoch}/${epochs}][${(row.step - 1) % stepsPerEpoch}/${stepsPerEpoch}]\tLoss_D: ${f(row.lossD)}\tLoss_G: ${f(row.lossG)}` +
    `\tD(x): ${f(row.dReal)}\tD(G(z)): ${f(row.dFakeBefore)} / ${f(row.dFakeAfter)}`
  );
}
