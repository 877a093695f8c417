/** @file All maps of the layer that is open. */
import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useStudio } from '../state/studio.js';
import { Button } from '../ui/controls.js';
import { Icon } from '../ui/icons.js';
import { drawMosaic, mapsOf } from './strip.js';

/** The most channels that are drawn. */
const MOST = 256;

/** Every channel of a layer, live; nothing while none is open. */
export function LayerPanel() {
  const { live, address, models } = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [side, value] = [live.opened.value.slice(0, 1), live.opened.value.slice(2)];
  useSignalEffect(() => {
    const [own, of] = [live.opened.value.slice(0, 1), live.opened.value.slice(2)];
    const [maps, colours] = [mapsOf(live, own, of), live.mapColours.value];
    if (canvas.current && maps && colours)
      drawMosaic(canvas.current, { ...maps, count: Math.min(MOST, maps.count) }, colours, true);
  });
  const layers = side === 'g' ? models.generator.value?.info.layers : models.explainer.value?.info.strip;
  const layer = layers?.find((each) => each.value === value);
  if (!layer) return null;
  const channels = 'channels' in layer ? layer.channels : Number(layer.shape.split('×')[0]);
  return (
    <div class="layer-panel" id="layer-maps">
      <div>
        <h3>{layer.name}</h3>
        <p class="note">
          {channels > MOST ? `The first ${MOST} of ${channels} maps` : `All ${channels} maps`}, each from its least to
          its largest value.
          {side === 'd' && ' The map over the picture is of this layer.'}
        </p>
        <Button kind="small" onClick={() => address.change({ look: '', ...(side === 'd' && { layer: '' }) })}>
          <Icon name="close" /> Close the layer
        </Button>
      </div>
      <canvas ref={canvas} role="img" aria-label={`Maps of layer ${layer.name}`} />
    </div>
  );
}
