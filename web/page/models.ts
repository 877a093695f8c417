/** @file The networks in use: those of the page, those of a run, or files of the user. */
import type { RunInfo } from '../server/runs.node.js';
import { element, fillSelect, tell, tellError } from './dom.js';
import type { Engine, Source } from './worker.js';

/** What the page is told of the networks. */
export interface Opened {
  generator: Awaited<ReturnType<Engine['openGenerator']>>;
  explainer: Awaited<ReturnType<Engine['openExplainer']>>;
}

/** Called when a network has been opened, or when there is none any more. */
export type OnOpened = { [K in keyof Opened]: (opened: Opened[K]) => void } & { closed: () => void };

const TINY = {
  generator: new URL('../../fixtures/tiny/generator.onnx', import.meta.url).href,
  discriminator: new URL('../../fixtures/tiny/discriminator.onnx', import.meta.url).href,
};
const MAX_FILE_BYTES = 2 ** 31 - 1;

/**
 * Lets the user choose networks, and opens the first ones.
 * @param followed called with the name of a chosen run, empty for the page's own networks
 */
export async function chooseNetworks(
  engine: Engine,
  runs: readonly RunInfo[],
  opened: OnOpened,
  followed: (run: string) => void,
): Promise<void> {
  const choice = element('model-choice', HTMLSelectElement);
  fillSelect(choice, [
    ...runs.map(({ name, exported }) => [name, `run ${name}${exported ? '' : ' (not exported)'}`] as const),
    ['', 'this page (small, trained on space pictures)'],
  ]);
  // Networks are opened one after the other; of choices that wait only the last.
  let opening: Promise<void> = Promise.resolve();
  const inTurn = (open: () => Promise<void>) =>
    (opening = opening.then(open).catch((error: unknown) => tellError('models-status', error)));
  let latest = 0;
  const chosen = () => {
    const turn = ++latest;
    return inTurn(async () => {
      if (turn === latest) await openChosen();
    });
  };
  const openChosen = async () => {
    const run = choice.value;
    followed(run);
    // Networks of another run would not belong to this run's curves, even if its own cannot be opened.
    await engine.close();
    opened.closed();
    describe = { generator: '', explainer: '' };
    if (runs.some(({ name, exported }) => name === run && !exported)) {
      const command = 'gan-export --onnx --run <its folder>';
      tell('models-status', `Run ${run} has no exported networks. Run ${command}, then reload this page.`);
      return;
    }
    const url = (role: 'generator' | 'discriminator') =>
      run === '' ? TINY[role] : new URL(`runs/${encodeURIComponent(run)}/onnx/${role}.onnx`, location.href).href;
    await open([
      ['generator', { name: 'generator.onnx', url: url('generator') }],
      ['explainer', { name: 'discriminator.onnx', url: url('discriminator') }],
    ]);
  };
  let describe: Record<keyof Opened, string> = { generator: '', explainer: '' };
  const openOne = async (role: keyof Opened, source: Source) => {
    tell('models-status', `Loading ${source.name}…`);
    if (role === 'generator') {
      const info = await engine.openGenerator(source);
      describe.generator = `Generator ${source.name}: ${info.width}×${info.height} from ${info.latentDim} numbers, on ${info.device}.`;
      opened.generator(info);
    } else {
      const info = await engine.openExplainer(source);
      describe.explainer = `${info.kind} ${source.name}: ${info.width}×${info.height}, on ${info.device}.`;
      opened.explainer(info);
    }
  };
  /** Opens networks, and says which are open, or what is wrong with those that cannot be opened. */
  const open = async (networks: readonly (readonly [role: keyof Opened, source: Source])[]) => {
    const problems: string[] = [];
    for (const [role, source] of networks) {
      await openOne(role, source).catch((error: Error) => problems.push(error.message));
    }
    if (problems.length > 0) tellError('models-status', problems.join(' '));
    else tell('models-status', `${describe.generator} ${describe.explainer}`.trim());
  };
  const openFile = (file: File, role?: keyof Opened) =>
    inTurn(async () => {
      if (file.size > MAX_FILE_BYTES) throw new Error(`${file.name}: larger than 2 GiB`);
      const source = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
      await open([[role ?? (await engine.roleOf(source)), source]]);
    });
  for (const [id, role] of [
    ['generator-file', 'generator'],
    ['discriminator-file', 'explainer'],
  ] as const) {
    const input = element(id, HTMLInputElement);
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file) void openFile(file, role);
    });
  }
  choice.addEventListener('change', () => void chosen());
  element('models', HTMLElement).addEventListener('drop-model', (event) => {
    const { file } = (event as CustomEvent<{ file: File }>).detail;
    void openFile(file);
  });
  await chosen();
}
