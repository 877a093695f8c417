#!/usr/bin/env node
/** @file gan-train: trains a DCGAN on a folder of pictures or on the built-in space pictures. */
import './common/node-version.js';
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
import { signalCodes } from './common/exit-codes.js';
import { joinedGroup } from './parse/distributed.js';
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
        distributed: {
          type: 'string',
          describe:
            'Train as one of the processes that torchrun starts, through gloo or nccl; no value: nccl if all have a GPU. ' +
            '--resume FOLDER then also starts a run (docs/distributed.md)',
        },
        python: {
          type: 'string',
          requiresArg: true,
          describe: 'Python with torch, for --distributed [default: GANSCOPE_PYTHON, or python3]',
        },
      })
      .example('$0', 'train on the built-in space pictures')
      .example('$0 --data birds --batch-size 64 --lr 0.0002 --steps 5000', 'train on your own pictures')
      .example('$0 --resume', 'resume the latest run')
      .example('torchrun --nproc-per-node 2 --no-python $0 --distributed --resume runs/big', 'train in two processes'),
  async (options, context) => {
    const { print, signal, progress, note, warn, device, skipped } = context;
    const sources = await settingSources(flagValues(options, table), options.config);
    // Bad settings are told before processes are joined.
    givenSettings(sources);
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
    const group = await joinedGroup(options, context);
    const { run, notes, assumed, machine, logEvery, evaluation, release, ...job } = await startRun(
      { ...sources.options, file: sources.file, resume: options.resume, orStart: group !== undefined, group },
      (loaded, total) => reading.update(loaded, total, 'reading'),
      signal,
    )
      .catch(async (error: unknown) => {
        await group?.close();
        throw error;
      })
      .finally(() => reading.stop());
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
        const p = row.augmentation === undefined ? '' : `, p ${row.augmentation.toFixed(3)}`;
        bar.update(row.step, steps, `${picturesPerSecond.toFixed(1)} pictures/s${p}`);
      },
    }).finally(async () => {
      bar.stop();
      await release().finally(() => group?.close());
    });
    const isStoppedElsewhere = group !== undefined && done < job.steps && !signal.aborted;
    if (isStoppedElsewhere) process.exitCode = signalCodes.SIGTERM;
    if (group && group.rank > 0) return;
    if (done < job.steps)
      print.info(`Stopped after ${done} of ${job.steps} steps. Resume with: gan-train --resume ${run}`);
    else if (done > job.done) print.info(`Trained ${done} steps.`);
    for (const file of ['config.json', 'metrics.jsonl', 'samples/', 'checkpoints/', ...files])
      print.info(`  ${run}/${file}`);
    skipped(job.loader.skipped);
  },
  { mayBeEmpty: ['resume', 'distributed'] },
);

/** The seeds' log line. */
function logLine({ row, steps, stepsPerEpoch, overfitting }: TrainProgress): string {
  const f = (value: number) => value.toFixed(4);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  return (
    `[${row.epoch}/${epochs}][${(row.step - 1) % stepsPerEpoch}/${stepsPerEpoch}]\tLoss_D: ${f(row.lossD)}\tLoss_G: ${f(row.lossG)}` +
    `\tD(x): ${f(row.dReal)}\tD(G(z)): ${f(row.dFakeBefore)} / ${f(row.dFakeAfter)}` +
    (overfitting === undefined ? '' : `\tr_v: ${f(overfitting)}`) +
    (row.augmentation === undefined ? '' : `\tp: ${f(row.augmentation)}`)
  );
}
