/** @file The system as one drawing: latents → generator → picture ↔ real pictures → discriminator → verdict. */
import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useStudio } from '../state/studio.js';
import { drawValues } from '../ui/canvas.js';
import { Status } from '../ui/controls.js';
import { LayerPanel } from './layer-panel.js';
import { Looks } from './looks.js';
import { Stage } from './stage.js';
import { Strip } from './strip.js';
import { Verdict } from './verdict.js';

/** The drawing, live for the picture at hand. */
export function System() {
  const { live, models } = useStudio();
  useEffect(() => {
    live.watchers.value++;
    return () => void live.watchers.value--;
  }, [live]);
  const [generator, explainer] = [models.generator.value?.info, models.explainer.value?.info];
  const isReal = live.real.value !== '';
  return (
    <section class="panel system" aria-label="The system">
      <ol class="flow">
        <li class={isReal ? 'part latents idle' : 'part latents'}>
          <h2>Latent</h2>
          <Latent />
          <p class="note">{generator ? `${generator.latentDim} numbers` : 'no generator'}</p>
        </li>
        <li class={isReal ? 'part net idle' : 'part net'}>
          <h2>Generator</h2>
          <Strip side="g" layers={generator?.layers ?? []} />
        </li>
        <li class="part">
          <Stage />
        </li>
        <li class="part net">
          <h2>{explainer?.kind ?? 'Discriminator'}</h2>
          <Strip side="d" layers={explainer?.strip ?? []} />
        </li>
        <li class="part verdict">
          <Verdict />
        </li>
      </ol>
      <Looks />
      {live.problem.value !== '' && (
        <p class="status error" role="status">
          {live.problem.value}
        </p>
      )}
      {live.frame.value?.problem !== undefined && (
        <p class="status error" role="status">
          {live.frame.value.problem}
        </p>
      )}
      <Status place="system" />
      <LayerPanel />
    </section>
  );
}

/** The latent's numbers as a field of colours: blue below 0, red above. */
function Latent() {
  const { live } = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const latent = live.latent.value;
    if (!canvas.current || !latent) return;
    const width = Math.max(1, Math.round(Math.sqrt(latent.length / 2)));
    const height = Math.ceil(latent.length / width);
    const values = new Float32Array(width * height);
    // Nearly all numbers of a normal distribution are within three standard deviations.
    latent.forEach((value, i) => (values[i] = Math.max(-1, Math.min(1, value / 3))));
    drawValues(canvas.current, { width, height, values, colours: SIGNED, fades: false });
  });
  return <canvas ref={canvas} class="latent" role="img" aria-label="The latent's numbers" />;
}

/** From blue over the middle grey to orange, readable on light and dark. */
const SIGNED = {
  signed: true,
  table: Uint8Array.from(
    Array.from({ length: 256 }, (_, i) => {
      const share = Math.abs(i - 127.5) / 127.5;
      const end = i < 128 ? [47, 116, 192] : [224, 106, 32];
      return end.map((level) => Math.round(level * share + 150 * (1 - share)));
    }).flat(),
  ),
};
