#!/usr/bin/env node
/** @file gan-probe: looks inside networks: what makes a region of a generated picture, and more. */
import './common/node-version.js';
import { givenTexts, runCommand, UsageError, version } from './command.js';
import { deviceOption } from './common/options.js';
import { probeFlags } from './probe/flags.js';
import type { ProbeKind, ProbeOptions } from './probe/kind.js';
import { probeKinds } from './probe/table.js';

const kinds: Readonly<Record<string, ProbeKind>> = probeKinds;
const names = Object.keys(kinds);
const optionsOf = (name: string) => (kinds[name]?.options ?? []).map((option) => `--${option}`).join(', ');

await runCommand(
  'gan-probe',
  (parser) =>
    parser
      .usage('$0 KIND [PICTURE…] [options]\n\nLooks inside a network, in one of the ways below.')
      .options({
        ...probeFlags,
        out: { type: 'string', requiresArg: true, describe: 'Folder for the files [default: probe-KIND]' },
        device: deviceOption,
      })
      .epilogue(
        `Kinds\n${Object.values(kinds)
          .map(({ usage, describe }) => `  ${usage}  ${describe}`)
          .join('\n')}\n\nOptions of each kind\n${names.map((name) => `  ${name}  ${optionsOf(name)}`).join('\n')}`,
      )
      .example('$0 checkpoints birds/ --run runs/latest', 'does it look at birds or at the background?')
      .example('$0 walk --seeds 1,2,3 --loop', 'where the latest discriminator looks along a walk')
      .example('$0 generator --seed 7 --box 20,10,16,12', 'what makes this part of the picture of seed 7')
      .example('$0 maximise classifier.onnx --target 207', 'which picture looks most like class 207 to a classifier')
      .example('$0 generator --seed 7 --discriminator', 'which numbers of its latent make it look real'),
  async ({ _: words, device, out, ...options }, context) => {
    const [name = '', ...sources] = words.map(String);
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind) throw new UsageError(`KIND: expected one of ${names.join(', ')}; got ${name || 'none'}`);
    for (const option of Object.keys(probeFlags) as (keyof typeof probeFlags)[]) {
      if (options[option] === undefined || kind.options.includes(option)) continue;
      const others = names.filter((other) => kinds[other]?.options.includes(option));
      throw new UsageError(
        `--${option}: expected an option of ${name} (${optionsOf(name)}); it is of ${others.join(', ')}`,
      );
    }
    const [source] = sources;
    if (kind.sources === 'none' && source !== undefined)
      throw new UsageError(`unknown argument ${source}: ${name} takes options only`);
    if (kind.sources === 'network' && sources.length > 1)
      throw new UsageError(`unknown argument ${sources[1]}: ${name} takes one network`);
    if (kind.sources === 'some' && source === undefined)
      throw new UsageError(`PICTURE: expected picture files or folders for ${name}; got none`);
    const all = { ...options, input: options.input === undefined ? undefined : givenTexts('input') };
    const given = Object.fromEntries(
      kind.options.flatMap((option) => (all[option] === undefined ? [] : [[option, all[option]]])),
    );
    const provenance = { version, options: given };
    const run = await kind.load();
    await run({
      options: { ...all, device } as ProbeOptions,
      taken: kind.options,
      sources,
      out: out ?? `probe-${name}`,
      provenance,
      context,
    });
  },
  { takesFiles: true, mayBeEmpty: ['discriminator'], repeatable: ['input'] },
);
