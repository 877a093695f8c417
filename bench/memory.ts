/** @file Checks for memory leaks: resident size while networks repeatedly open, sample, score, explain and close. */
import { fileURLToPath } from 'node:url';
import { Explainer } from '../explain/index.js';
import { Discriminator, Generator } from '../inference/index.js';

/** The small networks, or those named on the command line. */
const [generatorPath, discriminatorPath] = ['generator', 'discriminator'].map(
  (role, i) => process.argv[3 + i] ?? fileURLToPath(new URL(`../../fixtures/tiny/${role}.onnx`, import.meta.url)),
) as [string, string];
const runs = Number(process.argv[2] ?? 1000);

const generator = await Generator.load(generatorPath, { device: 'cpu' });
const discriminator = await Discriminator.load(discriminatorPath, { device: 'cpu' });
const explainer = await Explainer.load(discriminatorPath, { device: 'cpu' });
const work: Record<string, (run: number) => Promise<unknown>> = {
  'generator.sample': (run) => generator.sample([run]),
  'discriminator.score': async (run) => discriminator.score(await generator.sample([run])),
  'explainer.explain': async (run) => explainer.explain(await generator.sample([run]), { methods: ['gradcam'] }),
  'Generator.load, dispose': async () => (await Generator.load(generatorPath, { device: 'cpu' })).dispose(),
};

console.log(`| ${runs} runs of | RSS after a tenth, MiB | after half | at the end |`);
console.log('| --- | ---: | ---: | ---: |');
for (const [name, once] of Object.entries(work)) {
  const sizes: number[] = [];
  for (let run = 1; run <= runs; run++) {
    await once(run);
    if ([Math.ceil(runs / 10), Math.ceil(runs / 2), runs].includes(run)) sizes.push(residentMiB());
  }
  console.log(`| ${name} | ${sizes.map((size) => size.toFixed(0)).join(' | ')} |`);
}
await Promise.all([generator, discriminator, explainer].map((network) => network.dispose()));

function residentMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
}
