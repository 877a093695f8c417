/** @file `npm run fuzz -- [seed] [count] [kinds]`: prints what was seen, keeps findings in `fuzz-findings/`, exit code 1 if there are any. */
import { fuzzCommands } from './commands.js';
import { fuzz } from './run.js';

const [seed = '1', count = '10000', kinds] = process.argv.slice(2);
const started = performance.now();
const result = await fuzz({
  seed: Number(seed),
  count: Number(count),
  keep: 'fuzz-findings',
  ...(kinds !== undefined && { kinds: kinds.split(',') }),
  progress: (done) => {
    if (done % 500 === 0) console.log(`${done} of ${count}, ${Math.round((performance.now() - started) / 1000)} s`);
  },
});
const viaCommands = kinds === undefined ? await fuzzCommands({ seed: Number(seed), count: 5 }) : [];
const findings = [...result.findings, ...viaCommands];
for (const { number, kind, problem } of findings) console.log(`\n#${number} ${kind}: ${problem}`);
console.log(`\nseed ${seed}: ${result.read} read, ${result.refused} refused, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
