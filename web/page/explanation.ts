/** @file Heatmaps of a picture, by every method that suits the network. */
import type { MethodName, PaletteName, Target } from 'ganscope/explain';
import type { Picture } from 'ganscope/inference';
import { element, fillSelect, pictureItem, tell, tellError } from './dom.js';
import type { Opened } from './models.js';
import type { Engine } from './worker.js';

const MAX_FILE_BYTES = 512 * 1024 * 1024;
const ALL = 'all';

/** What other parts of the page tell the section. */
export interface ExplanationSection {
  /** A network has been opened. */
  opened(info: Opened['explainer']): void;
  /** There is no network any more. */
  closed(): void;
  /** A picture has been dropped. */
  file(file: File): Promise<void>;
}

/** Starts the section. */
export function explanationSection(engine: Engine, sample: () => Picture | undefined): ExplanationSection {
  const [layer, target, method, palette] = ['layer', 'target', 'method', 'palette'].map((id) =>
    element(id, HTMLSelectElement),
  ) as [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement, HTMLSelectElement];
  const list = element('explanation-pictures', HTMLUListElement);
  const stop = element('explain-stop', HTMLButtonElement);
  let picture: Picture | undefined;
  let isSample = false;
  let latestFile = 0;
  let methods: Opened['explainer']['methods'] = [];
  let latest = 0;

  const explain = async () => {
    if (!picture || methods.length === 0) return;
    const turn = ++latest;
    const shown = picture;
    const chosen = methods.filter(({ name, isCostly }) => (method.value === ALL ? !isCostly : name === method.value));
    const targets: Target | undefined =
      target.value === ''
        ? undefined
        : target.value === 'real' || target.value === 'fake'
          ? target.value
          : Number(target.value);
    list.replaceChildren();
    stop.disabled = false;
    try {
      const view = await engine.view(shown);
      if (turn !== latest) return;
      list.append(pictureItem(view, 'What the network sees', 'What the network sees'));
      for (const [at, { name, title }] of chosen.entries()) {
        tell('explanation-status', `${title} (${at + 1} of ${chosen.length})…`);
        const maps = await engine.explain(shown, name as MethodName, palette.value as PaletteName, {
          layers: layer.value,
          ...(targets !== undefined && { targets }),
        });
        if (turn !== latest) return;
        list.append(
          ...maps.map((map) =>
            pictureItem(map.picture, `${map.title} heatmap: ${map.verdict}`, map.title, map.note ?? map.verdict),
          ),
        );
      }
      tell('explanation-status', `${chosen.length} ${chosen.length === 1 ? 'method' : 'methods'} done.`);
    } catch (error) {
      if (turn === latest) tellError('explanation-status', error);
    } finally {
      if (turn === latest) stop.disabled = true;
    }
  };

  const file = async (given: File) => {
    const own = ++latestFile;
    latest++;
    list.replaceChildren();
    stop.disabled = true;
    try {
      if (given.size > MAX_FILE_BYTES) throw new Error(`${given.name}: larger than 512 MiB`);
      const decoded = await engine.decode(new Uint8Array(await given.arrayBuffer()), given.name);
      if (own !== latestFile) return;
      [picture, isSample] = [decoded, false];
      await explain();
    } catch (error) {
      if (own === latestFile) tellError('explanation-status', error);
    }
  };

  const input = element('picture-file', HTMLInputElement);
  input.addEventListener('change', () => {
    const given = input.files?.[0];
    if (given) void file(given);
  });
  element('explain-sample', HTMLButtonElement).addEventListener('click', () => {
    latestFile++;
    [picture, isSample] = [sample(), true];
    if (picture) void explain();
    else tell('explanation-status', 'There is no sample yet.');
  });
  stop.addEventListener('click', () => {
    latest++;
    stop.disabled = true;
    tell('explanation-status', 'Stopped.');
  });
  for (const select of [layer, target, method, palette]) select.addEventListener('change', () => void explain());

  return {
    file,
    closed() {
      latest++;
      methods = [];
      if (isSample) picture = undefined;
      list.replaceChildren();
      stop.disabled = true;
      tell('explanation-status', '');
    },
    opened(info) {
      methods = info.methods;
      fillSelect(layer, [
        ['auto', 'default layer'],
        ['last-conv', 'last convolution'],
        ['last-activation', 'last activation'],
        ...info.layers.map(({ name, value, shape }) => [value, `${name} (${shape})`] as const),
      ]);
      fillSelect(target, info.targets);
      fillSelect(method, [[ALL, 'all methods'], ...info.methods.map(({ name, title }) => [name, title] as const)]);
      fillSelect(
        palette,
        info.palettes.map((name) => [name, name] as const),
      );
      palette.value = 'turbo';
      void explain();
    },
  };
}
