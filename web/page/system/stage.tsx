/** @file The picture at hand with its map over it, and the real pictures that D may look at instead. */
import { computed, useComputed, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useStudio } from '../state/studio.js';
import { drawValues, LiveCanvas } from '../ui/canvas.js';
import { Thumbnail } from '../ui/thumbnail.js';

/** Real pictures that are offered. */
const OFFERED = 4;

/** The picture in the middle of the drawing. */
export function Stage() {
  const { live, pictures } = useStudio();
  const real = live.real.value;
  const shown = useComputed(() => live.frame.value?.picture);
  const offered = pictures.all.value.slice(0, OFFERED);
  const own =
    offered.some(({ id }) => id === real) || real === '' ? offered : [pictures.find(real), ...offered.slice(1)];
  return (
    <>
      <h2>{real === '' ? 'Generated picture' : 'Real picture'}</h2>
      <div class="stage">
        <LiveCanvas of={shown} label={real === '' ? 'Generated picture' : 'Real picture'} class="picture" />
        <Overlay />
      </div>
      <ul class="sources" aria-label="What the discriminator looks at">
        <li>
          <button
            type="button"
            class="picture-button"
            aria-pressed={real === ''}
            aria-label="The generated picture"
            title="The generated picture"
            onClick={() => live.show('')}
          >
            <LiveCanvas of={live.generated} label="" />
          </button>
        </li>
        <li aria-hidden="true" class="versus">
          ↔
        </li>
        {own.map(
          (picture) =>
            picture && (
              <li key={picture.id}>
                <button
                  type="button"
                  class="picture-button"
                  aria-pressed={real === picture.id}
                  aria-label={picture.name}
                  title={picture.name}
                  onClick={() => live.show(picture.id)}
                >
                  <Thumbnail of={picture} />
                </button>
              </li>
            ),
        )}
      </ul>
    </>
  );
}

/** The map over the picture: the newest frame's, fading with the slider. */
export function Overlay() {
  const { live, address } = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  const opacity = computed(() => address.get('opacity', '0.7'));
  useSignalEffect(() => {
    const [map, colours] = [live.frame.value?.map, live.colours.value];
    if (!canvas.current) return;
    canvas.current.style.opacity = map ? opacity.value : '0';
    if (map && colours) drawValues(canvas.current, { ...map, colours, fades: true });
  });
  return <canvas ref={canvas} class="overlay" role="img" aria-label="The map over it" />;
}
