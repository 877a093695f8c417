/** @file What is explained and how it looks: layer, method, verdict, palette and opacity. */
import { useStudio } from '../state/studio.js';
import { Select, Slider } from '../ui/controls.js';

/** Whether all maps are shown at the default layer. */
const DEFAULT_LAYERS = [
  ['', 'default layer'],
  ['last-conv', 'last convolution'],
  ['last-activation', 'last activation'],
] as const;

/** The controls under the drawing. */
export function Looks() {
  const { live, models, address } = useStudio();
  const info = models.explainer.value?.info;
  const methods = info?.methods.filter(({ isCostly }) => !isCostly) ?? [];
  const set = (name: string, otherwise: string) => (value: string) =>
    address.change({ [name]: value === otherwise ? '' : value });
  const opacity = Number(address.get('opacity', '0.7'));
  return (
    <div class="looks">
      <Select
        id="method"
        label="Method"
        value={live.method.value}
        choices={methods.map(({ name, title }) => [name, title] as const)}
        onChange={set('method', 'gradcam')}
      />
      <Select
        id="target"
        label="Verdict"
        value={address.get('target', info?.targets[0]?.[0] ?? '')}
        choices={info?.targets ?? []}
        onChange={set('target', info?.targets[0]?.[0] ?? '')}
      />
      <Select
        id="layer"
        label="Layer"
        value={address.get('layer')}
        choices={
          info
            ? [
                ...DEFAULT_LAYERS,
                ...info.layers.map(({ value, name, shape }) => [value, `${name} (${shape})`] as const),
              ]
            : []
        }
        onChange={set('layer', '')}
      />
      <Select
        id="palette"
        label="Colours"
        value={live.palette.value}
        choices={(info?.palettes ?? []).map((name) => [name, name] as const)}
        onChange={set('palette', 'turbo')}
      />
      <Slider
        id="opacity"
        label="Map"
        value={opacity}
        onInput={(value) => address.change({ opacity: value === 0.7 ? '' : String(value) }, 'opacity')}
      />
    </div>
  );
}
