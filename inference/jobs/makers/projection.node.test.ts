import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Generator } from '../../networks/generator.js';
import { encodePng } from '../../pictures/pictures.node.js';
import { runJob } from '../run-job.node.js';
import { jobOf } from './job-of.test.helper.js';

const tiny = (name: string) => fileURLToPath(new URL(`../../../../fixtures/tiny/${name}`, import.meta.url));

test('features are compared as `preparation` says, and the journal tells what was assumed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'projection-'));
  const model = tiny('generator.onnx');
  await using generator = await Generator.load(model, { device: 'cpu' });
  const target = join(folder, 'target.png');
  const [made] = await generator.pictures(Float32Array.from({ length: generator.latentDim }, (_, i) => Math.sin(i)));
  await writeFile(target, await encodePng(made!));
  const projected = async (mean?: number) => {
    const out = join(folder, `mean-${mean}`);
    const words = { project: target, steps: 2, restarts: 1, featureWeight: 1, out };
    const job = jobOf({ ...words, discriminator: tiny('discriminator.onnx') });
    const losses: unknown[] = [];
    const stated = mean === undefined ? {} : { preparation: { normalization: { mean: [mean], std: [0.5] } } };
    await runJob(job, { model, generator, ...stated, record: ({ loss }) => losses.push(loss) });
    const { assumed } = JSON.parse(await readFile(join(out, 'sampling.json'), 'utf8')) as { assumed: unknown[] };
    return { losses, assumed };
  };
  const [own, stated] = [await projected(), await projected(0.1)];
  expect(own.assumed).toEqual(expect.arrayContaining([...generator.assumptions]));
  const of = (because: string) =>
    expect.objectContaining({ about: 'numbers of the discriminator', because }) as unknown;
  expect(own.assumed).toContainEqual(of("as the model's metadata say"));
  expect(stated.assumed).not.toContainEqual(of("as the model's metadata say"));
  expect(stated.losses).not.toEqual(own.losses);
});
