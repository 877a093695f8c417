/** @file What the package promises: the exported names, and that commands live on them. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';

const dist = new URL('./', import.meta.url);

/** What users may rely on, types included, by entry. */
const promised: Record<string, string> = {
  '.': 'explain exporter inference onnx trainer',
  './errors': 'InputError InputProblem inputMessage printable withoutControls',
  './onnx':
    'Graph GraphBuilder InputError Model Node Shape Tensor emptyGraph expectWritable float float32Tensor ' +
    'gradients int64Tensor loadModel modelBytes modelFromBytes modelOfGraph numbersOf saveModel toFloat16 upgradedModel',
  './exporter':
    'ExportOptions ExportedPort LayersExport LayersExportOptions LayersModel discriminatorSignature exportLayersFile ' +
    'exportedModel generatorSignature isLayersSource supportedLayers',
  './inference':
    'GeneratorOptions parsedSeeds ' +
    'Assumption Device Discriminator FeatureLayer FeatureMaps Generator ModelSource NetworkOptions Picture PictureInput ' +
    'Preparation PrincipalDirection Random SampleRequest Score assumptionLine decodePicture encodeAnimation encodePng ' +
    'firstFeatureDirections npyBytes ' +
    'interpolatedLatents isRun labelOfFolders lerp loadInputNumbers loadLatents normalLatents openSamplingTasks parsedInputs parsedPreparation ' +
    'parsedRange parsedSize pictureGrid picturePaths resolveDevice resolveModel resolveRun ' +
    'rgbaPixels runJob sampleJob saveLatents slerp',
  './inference/options': 'latentDistributions parsedRequest sampleOptions',
  './fleet':
    'FetchContext Group Originals S3Inputs StoredFolder joinGroup parallelEngine readSweep sweepFolder sweepJob QueueAddress WorkerOptions WorkerOutcome WorkerPlace openJob queueAddress queueEngine expectServer serveQueue shownText workerRoots',
  './tasks':
    'ChosenShard EngineContext Environment FinishContext JobFile JobSpec Json JsonObject PerformContext ' +
    'RunOptions RunOutcome Shard StageFiles StageProgress TASK_COMMANDS TaskCommand TaskContext TaskEngine TaskFiles TaskJob TaskResults ' +
    'TaskStage canonicalJson chosenShard expectComplete expectRunnable expectWithin fileOf isOfShard jobFile ' +
    'jobId localEngine lostLocks mergeEngine packageVersion parsedJobSpec performJob publishFile publishFolder rangesOf ' +
    'runTasks shardEngine',
  './explain':
    'AttributionOptions GeneratorAttribution GeneratorProbeOptions PixelBox generatorAttribution parsedBox probeGenerator ' +
    'AscentOptions ChannelChoice Maximisation MaximiseOptions MaximiseProbeOptions Maximised Parameterization maximise probeMaximise ' +
    'ScoreAttribution ScoreAttributionOptions ScoreProbeOptions probeScore scoreAttribution ' +
    'CheckpointSource CheckpointsProbeOptions ComparedCheckpoint probeCheckpoints ' +
    'WalkFrame WalkProbeOptions probeWalk ' +
    'Concept ConceptMethod ConceptsProbeOptions conceptMethods probeConcepts ' +
    'DistanceName NearestPictures NearestProbeOptions Neighbour probeNearest ' +
    'ClassName ClassScore EvaluateOptions Evaluation ExplainJob ExplainOptions ExplainTexts ExplainedTasks Explainer ExplainerOptions Explanation ' +
    'HeatmapTarget Layer LayerMaps Look MAX_HEATMAP_DIFFERENCE MethodName PaletteName ParsedTarget Region Target ' +
    'TargetChoice checkedMethods completenessNote conservationNote drawnMap emptyMapNote errorNote evaluateFiles evaluateMethods evaluationTable ' +
    'expectAllRead explain explainFiles explainsLayer formattedNumber heatmapPicture isSigned listLayers ' +
    'loadInputs loadLabels loadTargets methods overlaidPicture openExplainJob parsedBaselines parsedHeatmapTarget ' +
    'parsedMethods parsedMetrics parsedTargets placedMap selfExplainingMethod ' +
    'selfExplainingModel selfExplainingPath startExplainJob suitableMethods verdict writeSelfExplaining',
  './explain/choices':
    'MOST_FLAT TASK_SIZE baselineNames figureFormats methodGroups methodRuns metricNames overlayModes paletteNames',
  './trainer':
    'Comparison Coverage Dataset EvaluationJob Features LEAST_SAMPLES PairDescription QualityRow RunOptions SelfSupervision TrainOptions TrainProgress ' +
    'bestCheckpoint checkpoints comparePictures describedRun describedSets discriminatorModel evaluateRun exportRun frechetDistance ' +
    'generatorModel kernelDistance loadCheckpoint newestCheckpoint openDataset openEvaluationJob spacePicture startEvaluationJob startRun ' +
    'train trainFeatures',
  './trainer/runs':
    'ComparisonTable DeletedRun MOST_COMPARED RunComparison RunInfo RunState comparedRuns deleteRun findOwnRun findRun formatOf ' +
    'listRuns tagRun textTable writeComparison',
  './trainer/settings':
    'GanConfig Setting configSettings configWith describedSettings givenSettings presets runDefaults ' +
    'runSettings settingSources',
  './studio': 'Studio StudioOptions startStudio',
};

/** The names that a declaration file exports, types included; `export *` is followed. */
async function exportedNames(file: URL): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  const names = [...text.matchAll(/^export (?:type )?\{(.*?)\}/gms)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((name) => /(\w+)\s*$/.exec(name)?.[1] ?? '')
      .filter(Boolean),
  );
  const declared = [
    ...text.matchAll(/^export (?:declare )?(?:abstract )?(?:class|function|const|type|interface) (\w+)/gm),
  ];
  const spaces = [...text.matchAll(/^export \* as (\w+)/gm)];
  const whole = [...text.matchAll(/^export \* from '(.+)\.js'/gm)];
  const followed = await Promise.all(whole.map(([, path]) => exportedNames(new URL(`${path}.d.ts`, file))));
  return [...names, ...[...declared, ...spaces].map(([, name = '']) => name), ...followed.flat()].toSorted();
}

const entries = {
  '.': 'index.d.ts',
  './errors': 'errors.d.ts',
  './onnx': 'onnx/index.d.ts',
  './exporter': 'exporter/index.d.ts',
  './inference': 'inference/index.d.ts',
  './inference/options': 'inference/jobs/words.node.d.ts',
  './tasks': 'inference/tasks/index.d.ts',
  './explain': 'explain/index.d.ts',
  './explain/choices': 'explain/choices.d.ts',
  './trainer': 'trainer/index.d.ts',
  './trainer/runs': 'trainer/runs/index.d.ts',
  './trainer/settings': 'trainer/settings/index.d.ts',
  './fleet': 'fleet/index.d.ts',
  './studio': 'web/server/server.node.d.ts',
} as const;

describe('the public names', () => {
  it('are these: a change here is a change of what users rely on, and belongs in CHANGELOG.md', async () => {
    for (const [entry, file] of Object.entries(entries)) {
      const expected = (promised[entry] ?? '').split(' ').toSorted();
      expect([entry, ...(await exportedNames(new URL(file, dist)))]).toEqual([entry, ...expected]);
    }
  });

  it('are the same in a browser, but for what needs Node', async () => {
    for (const room of ['onnx', 'inference', 'explain']) {
      const everywhere = await exportedNames(new URL(`${room}/index.d.ts`, dist));
      const web = await exportedNames(new URL(`${room}/index.web.d.ts`, dist));
      expect(web.filter((name) => !everywhere.includes(name))).toEqual([]);
    }
  });

  it('are all entries of package.json', async () => {
    const { exports } = JSON.parse(await readFile(new URL('../package.json', dist), 'utf8')) as { exports: object };
    expect(Object.keys(exports).toSorted()).toEqual(
      [...Object.keys(entries), './browser', './package.json'].toSorted(),
    );
  });
});

describe('the commands', async () => {
  const folder = new URL('../cli/', dist);
  const files = (await readdir(folder, { recursive: true })).filter((name) => /(?<!\.test|\.helper)\.ts$/.test(name));
  const { exports } = JSON.parse(await readFile(new URL('../package.json', dist), 'utf8')) as { exports: object };
  const entryNames = Object.keys(exports).map((entry) => entry.replace(/^\./, 'ganscope'));

  test.each(files)('%s imports only public entries, its own helpers and packages', async (file) => {
    const text = await readFile(new URL(file, folder), 'utf8');
    const sources = [...text.matchAll(/(?:^(?:import|export)[^;']*? from |^import |import\(|\)\()'([^'\n]+)'/gm)].map(
      ([, source = '']) => source,
    );
    const allowed = (source: string) =>
      entryNames.includes(source) ||
      /^(node:|yargs($|\/)|cli-progress$)/.test(source) ||
      (source.startsWith('.') &&
        fileURLToPath(new URL(source, new URL(file, folder))).startsWith(fileURLToPath(folder)));
    expect(sources.filter((source) => !allowed(source))).toEqual([]);
  });
});
