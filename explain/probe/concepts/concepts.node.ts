/** @file Concepts of a layer over pictures: figures, arrays and results.json. */
import { Matrix } from 'ml-matrix';
import { shownPath } from '../../../inference/files/copies.node.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { blackInput } from '../../../inference/networks/network-input.js';
import { npyBytes } from '../../../inference/numeric/npy.js';
import { Random } from '../../../inference/numeric/random.js';
import { drawnDesigns } from '../../../inference/numeric/total-indices.js';
import { InputError } from '../../../onnx/errors.js';
import type { Explainer } from '../../maps/explain.js';
import type { Sizes } from '../../methods/kinds/method.js';
import { onlyTarget } from '../shared/only-target.js';
import { inProbeFolder, type ProbeFiles } from '../shared/probe-folder.node.js';
import { collectedRows, everyOf, readPictures, type CollectedRows } from './collect.node.js';
import { exampleSheet, mapSheet, shareOf, SIDE, type Example, type ShownPicture } from './concept-figures.node.js';
import { requireCount, drawsOf, sideOf, type Concept, type ConceptsProbeOptions } from './concept-options.js';
import { conceptImportance, foundConcepts, runsOf } from './concepts.js';
import { cropBoxes, type CropBox } from './crops.js';
import { seenPicture, type SeenPicture } from './seen-picture.js';
import { linesOf, mean, picturePart, summaryOf } from './summary.node.js';

/** Examples of a concept, and pictures in the sheet of maps. */
const EXAMPLES = 6;
const SHOWN = 8;
/** Most rounds of the descent. */
const MAX_ROUNDS = 200;

/**
 * Finds concepts: directions without negative numbers of which a layer's activations are sums. Writes `concepts.png` (examples of
 * each), `maps.png` (the first pictures), `concepts.npy` [concepts, K], `strengths.npy` [pictures, concepts, h, w] and results.json.
 * Numbers of the layer below zero count as zero; their share is told.
 * @throws InputError if options do not fit the network, or no picture can be read
 */
export async function probeConcepts(
  explainer: Explainer,
  paths: readonly string[],
  options: ConceptsProbeOptions,
): Promise<ProbeFiles & { concepts: Concept[]; skipped: string[]; lines: string[] }> {
  const { method = 'craft', count = 8, style = {}, signal, progress_callback: progress } = options;
  const { picture: input } = explainer.input;
  const layers = explainer.chosenLayers(options.layer).flat();
  const [layer] = layers;
  if (!layer || layers.length > 1) throw new InputError({ name: 'layer', expected: 'one layer', got: layers.length });
  const cut = explainer.cut(layer);
  const black = blackInput(explainer.input);
  const sizes = await cut.activations(black);
  requireCount(count, sizes.channels);
  const designs = drawnDesigns(new Random(options.seed ?? 0), drawsOf(options.runs, count), count);
  const boxes = method === 'craft' ? cropBoxes(input, sideOf(options.crop, input)) : undefined;
  const rowsOfEach = boxes?.length ?? sizes.height * sizes.width;
  const every = everyOf(paths.length, rowsOfEach, method);
  const used = paths.filter((_, at) => at % every === 0);
  const assumed = [
    ...explainer.assumptions,
    ...explainer.layerAssumptions(options.layer),
    ...assumedOfCrops(boxes, options.crop),
    ...assumedOfSteps(every),
  ];
  options.onAssumed?.(assumed);
  // Before the long work.
  onlyTarget(explainer, options.target, await explainer.logits(black));

  let made: { concepts: Concept[]; skipped: string[]; lines: string[] } = { concepts: [], skipped: [], lines: [] };
  const provenance = { ...options.provenance, assumed };
  const written = await inProbeFolder('concepts', { ...options, provenance }, async (write) => {
    const expected = used.length * rowsOfEach;
    const collected = await collectedRows(used, explainer, {
      cut,
      boxes,
      signal,
      progress: (done) => progress?.(boxes ? 'crops' : 'positions', done, expected),
    });
    const most = Math.min(collected.rows.rows, collected.rows.columns);
    if (count > most)
      throw new InputError({
        name: 'count',
        expected: `at most ${most} concepts, as there are no more ${boxes ? 'crops' : 'positions'}`,
        got: count,
      });
    const { concepts, strengths } = await foundConcepts(collected.rows, count, {
      rounds: MAX_ROUNDS,
      check: async (round) => {
        progress?.('rounds', round, MAX_ROUNDS);
        // Lets signals arrive.
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
      },
    });

    const skipped: string[] = [];
    const seen: SeenPicture[] = [];
    for await (const picture of readPictures(paths, explainer, { signal, skip: (reason) => skipped.push(reason) })) {
      seen.push(await seenPicture(explainer, cut, picture, { concepts, designs, choice: options.target, signal }));
      progress?.('pictures', seen.length + skipped.length, paths.length);
    }
    const { importance, errors } = conceptImportance(seen, designs.length, count);
    const order = Array.from(importance, (_, at) => at).toSorted(
      (a, b) => (importance[b] as number) - (importance[a] as number) || a - b,
    );
    const examples = order.map((concept) => strongest(collected, strengths, concept));
    const found = order.map((concept, at): Concept => ({
      importance: importance[concept] as number,
      standardError: errors[concept] as number,
      effect: mean(seen.map(({ effects }) => effects[concept] as number)),
      examples: (examples[at] ?? []).map(({ path, box }) => ({ picture: shownPath(path), ...(box && { box }) })),
    }));
    const views = await shownPictures(explainer, seen, { sizes, order, examples: examples.flat(), signal });
    const summary = summaryOf(seen, collected.rows.rows, explainer);
    const title = `Concepts of ${summary.target} at ${layer.name}`;
    const shown = examples.map((own) =>
      own.flatMap(({ path, box }): Example[] => {
        const view = views.get(path);
        return view ? [{ shown: view, ...(box && { box: shareOf(box, input) }) }] : [];
      }),
    );
    const first = seen.slice(0, SHOWN).flatMap(({ path }) => views.get(path) ?? []);
    const sheets = {
      'concepts.png': exampleSheet(found, shown, { style, title: `${title}: importance, strongest examples` }),
      'maps.png': mapSheet(found, first, { style, title }),
    };
    for (const [name, bytes] of Object.entries(sheets)) await write(name, bytes);
    const rows = order.map((concept) => concepts.getRow(concept));
    await write('concepts.npy', npyBytes(Float32Array.from(rows.flat()), [count, sizes.channels]));
    const maps = seen.flatMap((each) => order.flatMap((concept) => each.strengths.getColumn(concept)));
    await write('strengths.npy', npyBytes(Float32Array.from(maps), [seen.length, count, sizes.height, sizes.width]));
    made = { concepts: found, skipped, lines: linesOf(found, summary) };
    return {
      explained: { layer, method, ...summary, runs: runsOf(designs.length, count), draws: designs.length },
      concepts: found,
      pictures: seen.map((each) => picturePart(each, order, explainer)),
      skipped,
    };
  });
  return { ...written, ...made };
}

/** The places where a concept is strongest, one of each picture. */
function strongest({ places }: CollectedRows, strengths: Matrix, concept: number): CollectedRows['places'] {
  const column = strengths.getColumn(concept);
  const order = column.map((_, at) => at).toSorted((a, b) => (column[b] as number) - (column[a] as number) || a - b);
  const best = new Map<string, CollectedRows['places'][number]>();
  for (const at of order) {
    const place = places[at];
    if (place && (column[at] as number) > 0 && !best.has(place.path)) best.set(place.path, place);
    if (best.size === EXAMPLES) break;
  }
  return [...best.values()];
}

/** The first pictures, and those of examples, with the maps of concepts in their order. */
async function shownPictures(
  explainer: Explainer,
  seen: readonly SeenPicture[],
  {
    sizes,
    order,
    examples,
    signal,
  }: {
    sizes: Sizes;
    order: readonly number[];
    examples: CollectedRows['places'];
    signal: AbortSignal | undefined;
  },
): Promise<Map<string, ShownPicture>> {
  const paths = [...new Set([...seen.slice(0, SHOWN).map(({ path }) => path), ...examples.map(({ path }) => path)])];
  const strengths = new Map(seen.map((each) => [each.path, each.strengths]));
  const shown = new Map<string, ShownPicture>();
  for await (const { path, picture } of readPictures(paths, explainer, { signal })) {
    const own = strengths.get(path);
    if (!own) continue;
    const maps = order.map((concept) => Float32Array.from(own.getColumn(concept)));
    shown.set(path, { view: explainer.view(picture, SIDE), maps, height: sizes.height, width: sizes.width });
  }
  return shown;
}

function assumedOfCrops(boxes: readonly CropBox[] | undefined, stated: number | undefined): Assumption[] {
  const [box] = boxes ?? [];
  if (!boxes || !box) return [];
  const taken = `${boxes.length} of ${box.side}×${box.side} pixels of each picture`;
  const because = stated === undefined ? 'default: 80/224 of the shorter side' : 'as stated';
  return [{ about: 'crops', taken, because, options: ['crop'] }];
}

function assumedOfSteps(every: number): Assumption[] {
  if (every === 1) return [];
  const taken = `found in one of every ${every} pictures; all are looked at`;
  return [{ about: 'concepts', taken, because: 'there are many', options: [] }];
}
