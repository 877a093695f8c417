/** @file `npm run bench:explain`: from picture to map with ResNet-50, beside PyTorch with hooks, in one run. */
import { cpus } from 'node:os';
import { Explainer, type ExplainOptions } from '../../explain/index.js';
import { Random } from '../../inference/numeric/random.js';
import { resnet50 } from '../resnet50.js';
import { machine, markdownTable, median, milliseconds, pytorch } from '../timing.js';

const ROUNDS = 3;
const RUNS = 5;
const BATCH = 8;
const SIZE = 3 * 224 * 224;

interface Subject {
  title: string;
  /** Name of the corresponding time in torch_explain.py. */
  torch?: string;
  pictures: number;
  run: () => Promise<unknown>;
}

const random = new Random(1);
const noise = Float32Array.from({ length: BATCH * SIZE }, () => random.normal());
const known = noise.slice(0, SIZE);
let turn = 0;
/** New preprocessed pictures, so that caches do not help. */
function fresh(count: number): Float32Array {
  const pictures = noise.slice(0, count * SIZE);
  pictures[0] = ++turn / 1000;
  return pictures;
}

const explainer = await Explainer.load(resnet50(), { device: 'cpu' });
const explained = (pictures: Float32Array, options: ExplainOptions) =>
  explainer.explainInput(pictures, { methods: ['gradcam'], targets: 7, ...options });

const subjects: Subject[] = [
  { title: 'forward pass alone', torch: 'forward', pictures: 1, run: () => explainer.logits(fresh(1)) },
  { title: 'Grad-CAM, last convolution', torch: 'last', pictures: 1, run: () => explained(fresh(1), {}) },
  {
    title: `Grad-CAM, last convolution, batch of ${BATCH}`,
    torch: 'last_batch',
    pictures: BATCH,
    run: () => explained(fresh(BATCH), {}),
  },
  {
    title: 'Grad-CAM, all 53 convolutions',
    torch: 'all',
    pictures: 1,
    run: () => explained(fresh(1), { layers: 'all-convs' }),
  },
  {
    title: 'Grad-CAM, first convolution (whole network differentiated)',
    torch: 'first',
    pictures: 1,
    run: () => explained(fresh(1), { layers: 0 }),
  },
  { title: 'same picture, another class', pictures: 1, run: () => explained(known, { targets: turn++ % 1000 }) },
  {
    title: 'same picture and class, another method',
    pictures: 1,
    run: () => explained(known, { targets: 7, methods: [turn++ % 2 === 0 ? 'hirescam' : 'layercam'] }),
  },
];

const ours = new Map<Subject, number[]>();
const theirs = new Map<string, number[]>();
let torch: string | undefined;
for (let round = 0; round < ROUNDS; round++) {
  for (const subject of subjects) {
    // Fill the caches that the row assumes, outside the measured time.
    if (subject.torch === undefined) await explained(known, {});
    ours.set(subject, [...(ours.get(subject) ?? []), ...(await milliseconds(subject.run, RUNS))]);
  }
  const result = pytorch<{ torch: string; times: Record<string, number[]> }>('torch_explain.py', {
    runs: RUNS,
    batch: BATCH,
    threads: cpus().length,
  });
  torch = result?.torch;
  for (const [name, times] of Object.entries(result?.times ?? {})) {
    theirs.set(name, [...(theirs.get(name) ?? []), ...times]);
  }
}
await explainer.dispose();

const rows = subjects.map((subject) => {
  const time = median(ours.get(subject) ?? []);
  const of = (name: string) => (theirs.has(name) ? median(theirs.get(name) ?? []) : undefined);
  const [tail, whole] = subject.torch === undefined ? [] : [of(subject.torch), of(`${subject.torch}_backward`)];
  const best = tail ?? whole;
  return [
    subject.title,
    time.toFixed(1),
    ((1000 * subject.pictures) / time).toFixed(1),
    tail?.toFixed(1) ?? '–',
    whole?.toFixed(1) ?? '–',
    best ? (best / time).toFixed(2) : '–',
  ];
});
console.log(
  `${machine()}; medians of ${ROUNDS} × ${RUNS} runs, interleaved; ResNet-50, 224×224, random weights; PyTorch: ` +
    `${torch ?? 'not installed, skipped'}\n`,
);
console.log(
  markdownTable(
    [
      'from picture to map',
      'ganscope, ms',
      'pictures/s',
      'PyTorch, grad of the layer, ms',
      'PyTorch, backward(), ms',
      'PyTorch / ganscope',
    ],
    rows,
  ),
);
