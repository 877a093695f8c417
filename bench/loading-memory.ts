/** @file `npm run bench:loading [FILE.onnx …]`: the peak memory of `gan-gradcam` on large networks, beside the size of their files. Linux only: it reads /proc. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { GraphBuilder, modelOfGraph } from '../onnx/build/build.js';
import { saveModel } from '../onnx/files/load.node.js';
import type { Model, Tensor } from '../onnx/graph/graph.js';
import { lazyTensor } from '../onnx/graph/stored.js';
import { machine, markdownTable } from './timing.js';

const command = fileURLToPath(new URL('../cli/gan-gradcam.js', import.meta.url));
const hook =
  'process.on("exit", () => console.error(/VmHWM.*/.exec(process.getBuiltinModule("fs").readFileSync("/proc/self/status", "utf8"))[0]))';

/** VGG-19 with weights of one number stream: 575 MB. */
function vgg19(): Model {
  const b = new GraphBuilder();
  const weights = (name: string, dims: number[]) => b.initializer(name, noise(dims));
  let [x, channels] = [b.input('input', 'float32', ['batch', 3, 224, 224]), 3];
  for (const [stage, depth] of [2, 2, 4, 4, 4].entries()) {
    const filters = Math.min(512, 64 << stage);
    for (let at = 0; at < depth; at++) {
      const kernel = weights(`kernel${stage}_${at}`, [filters, channels, 3, 3]);
      x = b.op('Relu', [b.op('Conv', [x, kernel], { pads: [1, 1, 1, 1] }, 'conv')]);
      channels = filters;
    }
    x = b.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  x = b.op('Flatten', [x]);
  for (const [at, [from, to]] of (
    [
      [25088, 4096],
      [4096, 4096],
      [4096, 1000],
    ] as const
  ).entries()) {
    x = b.op('Gemm', [x, weights(`matrix${at}`, [to, from])], { transB: 1 });
    if (at < 2) x = b.op('Relu', [x]);
  }
  b.output(x, 'logits');
  return modelOfGraph(b.graph);
}

/** Made when it is written. */
function noise(dims: number[]): Tensor {
  const [count, fanIn] = [dims, dims.slice(1)].map((sizes) => sizes.reduce((product, size) => product * size, 1)) as [
    number,
    number,
  ];
  const elements = () => Float32Array.from({ length: count }, (_, at) => Math.sin(at * at) * Math.sqrt(4 / fanIn));
  return lazyTensor<Extract<Tensor, { type: 'float32' }>>({ type: 'float32', dims }, elements);
}

const folder = await mkdtemp(join(tmpdir(), 'ganscope-bench-'));
try {
  const picture = join(folder, 'picture.png');
  await writeFile(
    picture,
    await encodePng({
      width: 224,
      height: 224,
      channels: 3,
      data: new Uint8Array(224 * 224 * 3).map((_, i) => i % 251),
    }),
  );
  const given = process.argv.slice(2);
  if (given.length === 0) {
    given.push(join(folder, 'vgg19.onnx'));
    await saveModel(given[0] as string, vgg19(), { externalData: true });
  }
  const rows: string[][] = [];
  for (const path of given) {
    const sizes = await Promise.all(
      [path, `${path}.data`].map((file) =>
        stat(file).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    const size = sizes.reduce((sum, each) => sum + each, 0);
    for (const layer of ['last-conv', '0']) {
      const words = [
        '--import',
        `data:text/javascript,${encodeURIComponent(hook)}`,
        command,
        picture,
        '--model',
        path,
        '--layer',
        layer,
      ];
      const { stderr } = await promisify(execFile)(process.execPath, [
        ...words,
        '--device',
        'cpu',
        '--out',
        join(folder, layer),
      ]);
      const peak =
        1024 * Math.max(...[...stderr.matchAll(/VmHWM:\s*(\d+) kB/g)].map(([, kilobytes]) => Number(kilobytes)));
      rows.push([`${basename(path)}, ${layer}`, megabytes(size), megabytes(peak), (peak / size).toFixed(2)]);
    }
  }
  const head = ['network, layer', 'its files, MB', 'peak of gan-gradcam, MB', 'times the files'];
  console.log(`${machine()}\n\n${markdownTable(head, rows)}`);
} finally {
  await rm(folder, { recursive: true });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
