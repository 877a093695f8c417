/** @file What the page gives away: the picture, an animation, latents, and the command that makes the same. */
import type { Picture } from 'ganscope/inference';
import type { Recipe } from '../engine/recipe.js';
import { addressOf } from '../state/served.js';
import { useStudio, type Studio } from '../state/studio.js';
import { drawPicture } from '../ui/canvas.js';
import { Button, Status } from '../ui/controls.js';
import { download } from '../ui/download.js';
import { Icon } from '../ui/icons.js';
import { animationCommand, exportCommand, foundModel, pictureCommand, type Model } from './command.js';
import { placesOf } from './places.js';
import { animatedWebp } from './webp.js';

/** Frames of an animation for each place, and frames per second. */
const [FRAMES_PER_PLACE, FPS] = [24, 24];
/** Frames that are made at a time, so that the walk stays live. */
const PART = 8;
/** Small pictures are enlarged to at least this, by repeating pixels. */
const MIN_SIDE = 256;

/** Buttons and the command line. */
export function Exports() {
  const studio = useStudio();
  const { live, models, address } = studio;
  const places = placesOf(address.get('places'));
  const label = models.generator.value?.info.classes?.chosen;
  const shown = { name: '', ...models.generator.value, run: models.run, label };
  const model = foundModel(shown, models.runs.value);
  const first = exportCommand(model);
  const frames = FRAMES_PER_PLACE * places.length;
  const told = (work: () => Promise<void>) => () =>
    void work().catch((error: unknown) => studio.notices.fail('export', error));
  return (
    <details class="exports">
      <summary>Export</summary>
      <div class="row wrap">
        <Button kind="small" id="export-png" onClick={told(() => exportPicture(studio))}>
          <Icon name="download" /> PNG
        </Button>
        <Button
          kind="small"
          id="export-webp"
          disabled={places.length < 2}
          onClick={told(() => exportAnimation(studio, frames))}
        >
          <Icon name="download" /> WebP animation
        </Button>
        <Button kind="small" id="export-npy" onClick={told(() => exportLatents(studio, places))}>
          <Icon name="download" /> {places.length > 0 ? 'places.npy' : 'point.npy'}
        </Button>
        {places.length > 0 && (
          <Button kind="small" id="export-point" onClick={told(() => exportLatents(studio, []))}>
            <Icon name="download" /> point.npy
          </Button>
        )}
        {model !== shown && (
          <Button kind="small" id="export-generator" onClick={told(() => exportGenerator(shown))}>
            <Icon name="download" /> generator.onnx
          </Button>
        )}
      </div>
      <p class="note">The same by command:</p>
      <pre id="command" tabIndex={0}>
        {first && `${first}\n`}
        {pictureCommand(live.recipe.value, model)}
        {places.length > 1 && `\n${animationCommand(frames, FPS, model)}`}
      </pre>
      <Status place="export" />
    </details>
  );
}

async function exportPicture({ live }: Studio): Promise<void> {
  // The command is of this one, also while D looks at another picture.
  const picture = live.generated.peek();
  if (!picture) throw new Error('there is no picture yet');
  const blob = await enlarged(picture).convertToBlob({ type: 'image/png' });
  download(blob, 'point.png');
}

async function exportGenerator({ run, checkpoint }: Model): Promise<void> {
  const response = await fetch(addressOf(run, 'generator', checkpoint));
  if (!response.ok) throw new Error((await response.text()).trim());
  download(await response.blob(), 'generator.onnx');
}

async function exportAnimation({ engine, address, notices }: Studio, frames: number): Promise<void> {
  const places = placesOf(address.get('places'));
  const stills: Uint8Array[] = [];
  let [width, height] = [0, 0];
  for (let first = 0; first < frames; first += PART) {
    notices.tell('export', `Frame ${first} of ${frames}…`);
    for (const picture of await engine.walk(places, frames, first, Math.min(PART, frames - first))) {
      const canvas = enlarged(picture);
      [width, height] = [canvas.width, canvas.height];
      const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.9 });
      stills.push(new Uint8Array(await blob.arrayBuffer()));
    }
  }
  download(
    new Blob([new Uint8Array(animatedWebp(stills, width, height, 1000 / FPS))], { type: 'image/webp' }),
    'walk.webp',
  );
  notices.tell('export', `${frames} frames written.`);
}

/** Writes the latents of places; without any, of the point at hand. */
async function exportLatents({ engine, live }: Studio, places: readonly Recipe[]): Promise<void> {
  const bytes = await engine.latents(places.length > 0 ? places : [live.recipe.peek()]);
  download(new Blob([new Uint8Array(bytes)]), places.length > 0 ? 'places.npy' : 'point.npy');
}

/** The picture on a canvas; small ones with their pixels repeated. */
function enlarged(picture: Picture): OffscreenCanvas {
  const factor = Math.max(1, Math.floor(MIN_SIDE / Math.max(picture.width, picture.height)));
  const small = new OffscreenCanvas(picture.width, picture.height);
  drawPicture(small, picture);
  const canvas = new OffscreenCanvas(picture.width * factor, picture.height * factor);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser gives no canvas to draw on');
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  return canvas;
}
