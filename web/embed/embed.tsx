/** @file The pad and the explainer of gan-studio in other people's pages: each in an element, with a style of its own. */
import { render } from 'preact';
import styleText from '../page/app/style.css?inline';
import { ExplainView } from '../page/explain/view.js';
import { Pad } from '../page/pad/pad.js';
import { takeDropped } from '../page/state/drop.js';
import { startStudio, StudioProvider, type Studio } from '../page/state/studio.js';
import { Status } from '../page/ui/controls.js';

/** A part that stands in a page. */
export interface EmbeddedPart {
  /** Takes it out again, and ends its worker. */
  dispose(): void;
}

/** The networks of a pad. */
export interface PadOptions {
  /** URL of a generator. */
  generator: string;
  /** URL of a discriminator or classifier, whose verdict and map follow the walk. */
  discriminator?: string;
  /** The seed at the centre, default 7. */
  seed?: number;
}

/** What an explainer explains. */
export interface ExplainerPartOptions {
  /** URL of a discriminator or classifier. */
  network: string;
  /** URLs of pictures; without them a reader drops or chooses some. */
  pictures?: readonly string[];
  /** Methods by name, default four of them. */
  methods?: readonly string[];
}

/**
 * Puts a pad into an element: one walks over the latent space of a generator.
 * @example
 * import { mountPad } from './ganscope/ganscope.js';
 *
 * mountPad(document.querySelector('#pad'), { generator: 'generator.onnx', discriminator: 'discriminator.onnx' });
 */
export function mountPad(element: Element, { generator, discriminator, seed }: PadOptions): EmbeddedPart {
  const studio = startStudio();
  if (seed !== undefined) studio.live.go({ centre: String(seed) });
  void studio.models.openAt({
    generator: absolute(generator),
    ...(discriminator !== undefined && { explainer: absolute(discriminator) }),
  });
  return mounted(element, studio, () => (
    <div class="embedded">
      <Pad />
      <Status place="networks" />
      <Status place="files" />
    </div>
  ));
}

/**
 * Puts an explainer into an element: maps of pictures by several methods, side by side.
 * @example
 * import { mountExplainer } from './ganscope/ganscope.js';
 *
 * mountExplainer(document.querySelector('#maps'), { network: 'classifier.onnx', pictures: ['bird.jpg'] });
 */
export function mountExplainer(element: Element, options: ExplainerPartOptions): EmbeddedPart {
  const { network, pictures = [], methods } = options;
  const studio = startStudio();
  if (methods) studio.address.change({ methods: methods.join(',') });
  void studio.models.openAt({ explainer: absolute(network) });
  void addPictures(studio, pictures).catch((error: unknown) => studio.notices.fail('explain', error));
  return mounted(element, studio, () => (
    <div class="embedded panel">
      <Status place="networks" />
      <Status place="files" />
      <ExplainView />
    </div>
  ));
}

/** Renders a part into a shadow tree, where only its own style counts. */
function mounted(element: Element, studio: Studio, Part: () => ReturnType<typeof Pad>): EmbeddedPart {
  const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
  const style = new CSSStyleSheet();
  style.replaceSync(styleText.replaceAll(/:root(:not\([^)]*\))?/g, ':host'));
  root.adoptedStyleSheets = [style];
  const drop = (event: Event) => {
    event.preventDefault();
    const { dataTransfer } = event as DragEvent;
    if (event.type === 'drop' && dataTransfer?.types.includes('Files')) void takeDropped(dataTransfer, studio);
  };
  for (const type of ['dragover', 'drop']) element.addEventListener(type, drop);
  render(
    <StudioProvider value={studio}>
      <Part />
    </StudioProvider>,
    root,
  );
  return {
    dispose() {
      for (const type of ['dragover', 'drop']) element.removeEventListener(type, drop);
      render(null, root);
      studio.stop();
    },
  };
}

async function addPictures(studio: Studio, urls: readonly string[]): Promise<void> {
  const files = await Promise.all(
    urls.map(async (url) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url}: the server answers ${response.status}`);
      return new File([await response.blob()], url.slice(url.lastIndexOf('/') + 1));
    }),
  );
  const [first] = studio.pictures.add(files);
  if (first) studio.address.change({ subjects: first.id });
}

/** The address of a network, with its name. */
function absolute(url: string): { name: string; url: string } {
  return { name: url.slice(url.lastIndexOf('/') + 1), url: new URL(url, location.href).href };
}
