/** @file What D looks at over the checkpoints, as a film: fixed real and generated pictures, one layer, one scale. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Picture } from 'ganscope/inference';
import type { MethodName } from 'ganscope/explain';
import { formattedNumber } from '../../../../inference/figures/numbers.js';
import { useStudio } from '../../state/studio.js';
import { Button, Select } from '../../ui/controls.js';
import { FilmControls, frameAt } from '../parts/film.js';
import { quantile } from '../parts/scale.js';
import type { WatchedRun } from '../parts/watch.js';
import { AttendedPicture } from './attended.js';
import { AttentionWork, filmed, type Frames, PICTURES, realPictures } from './attention-work.js';
import { boxesText, parsedBoxes, type Box } from './boxes.js';
import { ShareChart } from './share-chart.js';

const SEEDS = Array.from({ length: PICTURES }, (_, i) => i);

/** The film of a run. */
export function AttentionFilm({ run }: { run: WatchedRun }) {
  const { engine, address } = useStudio();
  const details = run.details.value;
  const checkpoints = filmed(details?.checkpoints ?? []);
  const isOn = address.get('attention') !== '';
  const work = useMemo(() => new AttentionWork(engine), [engine, run.name, details?.id]);
  const real = useReal(run, isOn);
  const [isPlaying, setPlaying] = useState(false);
  const method = address.get('attention', 'gradcam') as MethodName;
  const layer = address.get('attentionLayer');
  const target = address.get('attentionTarget') === 'real' ? 'real' : 'fake';
  const names = checkpoints.map(({ name }) => name).join(' ');
  useEffect(() => {
    if (isOn && real) void work.make({ run: run.name, checkpoints, real, seeds: SEEDS, method, layer, target });
    return () => work.stop();
  }, [work, isOn, real, names, method, layer, target]);

  const frames = work.frames.value;
  const made = checkpoints.filter(({ name }) => frames.has(name));
  const steps = made.map(({ step }) => step);
  const chosen = address.get('attentionStep');
  const at = chosen === '' ? Math.max(0, steps.length - 1) : frameAt(steps, Number(chosen));
  const frame = frames.get(made[at]?.name ?? '');
  const scale = scaleOf(frames);
  const isOwnScale = address.get('attentionScale') === 'own';
  const boxes = parsedBoxes(address.get('boxes'));
  const changeBox = (key: string, box: Box | undefined) => {
    const { [key]: _, ...others } = boxes;
    address.change({ boxes: boxesText(box ? { ...others, [key]: box } : others) }, 'box');
  };
  const row = (kind: 'real' | 'generated', title: string) => (
    <div class="attention-kind">
      <h3>{title}</h3>
      <div class="attention-cells">
        {Array.from({ length: kind === 'real' ? (real?.length ?? PICTURES) : PICTURES }, (_, i) => {
          const key = `${kind === 'real' ? 'r' : 'g'}${i}`;
          return (
            <AttendedPicture
              key={key}
              name={kind === 'real' ? `real picture ${i + 1}` : `generated picture of seed ${i}`}
              shown={frame?.[kind][i]}
              largest={isOwnScale ? undefined : scale}
              box={boxes[key]}
              onBox={(box) => changeBox(key, box)}
            />
          );
        })}
      </div>
    </div>
  );
  return (
    <section class="film attention" aria-labelledby="attention-title">
      <div class="row">
        <h2 id="attention-title">What D looks at</h2>
        <Button
          id="attention"
          kind="small"
          aria-pressed={isOn}
          disabled={checkpoints.length === 0}
          onClick={() => address.change({ attention: isOn ? '' : 'gradcam' })}
        >
          {isOn ? 'Close' : `Look through ${checkpoints.length} checkpoints`}
        </Button>
      </div>
      {!isOn && (
        <p class="note">
          {checkpoints.length === 0
            ? 'The run has no checkpoints yet.'
            : 'The maps of fixed real and generated pictures at each kept checkpoint, computed in this page.'}
        </p>
      )}
      {isOn && (
        <>
          <div class="row wrap">
            <Select
              id="attention-method"
              label="Method"
              value={method}
              choices={(frame?.methods ?? []).map(({ name, title }) => [name, title])}
              onChange={(value) => address.change({ attention: value })}
            />
            <Select
              id="attention-layer"
              label="Layer"
              value={layer}
              choices={[['', 'default'], ...(frame?.layers ?? []).map((each) => [each, each] as const)]}
              onChange={(value) => address.change({ attentionLayer: value })}
            />
            <Select
              id="attention-target"
              label="Evidence for"
              value={target}
              choices={[
                ['fake', 'fake'],
                ['real', 'real'],
              ]}
              onChange={(value) => address.change({ attentionTarget: value === 'real' ? value : '' })}
            />
            <Select
              id="attention-scale"
              label="Scale"
              value={isOwnScale ? 'own' : ''}
              choices={[
                ['', 'one for the film'],
                ['own', 'of each map'],
              ]}
              onChange={(value) => address.change({ attentionScale: value })}
            />
          </div>
          <p id="attention-status" role="status" class={work.problem.value === '' ? 'status' : 'status error'}>
            {work.problem.value || work.told.value || toldOf(made.length, isOwnScale ? undefined : scale)}
          </p>
          <div class="attention-kinds">
            {real?.length === 0 ? (
              <p class="note">This run keeps no real pictures (real.png): it was trained by an earlier version.</p>
            ) : (
              row('real', 'Real pictures')
            )}
            {row('generated', 'Pictures of each checkpoint')}
          </div>
          <FilmControls
            id="attention-film"
            label="what D looks at"
            steps={steps}
            at={at}
            isPlaying={isPlaying}
            onPlay={setPlaying}
            onChange={(next) =>
              address.change({ attentionStep: next === steps.length - 1 ? '' : String(steps[next] ?? '') }, 'attention')
            }
          />
          <ShareChart boxes={boxes} checkpoints={made} frames={frames} step={steps[at]} />
        </>
      )}
    </section>
  );
}

/** Maps above this share of all are drawn in the last colour: one bright frame would make all others dark. */
const IN_SCALE = 0.75;

/** The value that has the last colour in the whole film. */
function scaleOf(frames: Frames): number {
  const maps = [...frames.values()].flatMap(({ real, generated }) => [...real, ...generated]);
  return quantile(
    maps.map(({ map }) => map.largest).filter((largest) => largest > 0),
    IN_SCALE,
  );
}

function toldOf(count: number, scale: number | undefined): string {
  if (count === 0) return '';
  const told = `${count} ${count === 1 ? 'checkpoint' : 'checkpoints'}`;
  return scale === undefined ? told : `${told}; the last colour stands for ${formattedNumber(scale)} and more`;
}

/** The run's fixed real pictures, once they are wanted; none where it keeps none. */
function useReal(run: WatchedRun, isWanted: boolean): readonly Picture[] | undefined {
  const { engine, notices } = useStudio();
  const [real, setReal] = useState<readonly Picture[]>();
  const details = run.details.value;
  useEffect(() => {
    if (!isWanted || !details) return;
    let isCurrent = true;
    realPictures(engine, details).then(
      (found) => isCurrent && setReal(found),
      (error: unknown) => {
        notices.fail('training', error);
        if (isCurrent) setReal([]);
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [isWanted, run.name, details?.real, details?.id]);
  return real;
}
