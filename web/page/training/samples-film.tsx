/** @file Samples over time: the sample grids of the watched runs as films that show the same step. */
import { useEffect, useState } from 'preact/hooks';
import { useStudio } from '../state/studio.js';
import { FilmControls, frameAt } from './parts/film.js';
import type { WatchedRun } from './parts/watch.js';

/** Frames before and after the one that is shown that are loaded too. */
const AHEAD = 6;

/** The films of the watched runs, side by side. */
export function SamplesFilm({ runs }: { runs: readonly WatchedRun[] }) {
  const { address } = useStudio();
  const [isPlaying, setPlaying] = useState(false);
  const grids = runs.map((run) => run.details.value?.samples ?? []);
  const steps = [...new Set(grids.flat().map(({ step }) => step))].toSorted((a, b) => a - b);
  const chosen = address.get('step');
  // Without a choice it is the newest, also while the run goes on.
  const at = chosen === '' ? Math.max(0, steps.length - 1) : frameAt(steps, Number(chosen));
  const step = steps[at] ?? 0;
  return (
    <section class="film" aria-labelledby="samples-film-title">
      <h2 id="samples-film-title">Samples over time</h2>
      {steps.length === 0 ? (
        <p class="note">There are no sample grids yet.</p>
      ) : (
        <>
          <div class="film-frames">
            {runs.map((run, i) => (
              <Frame key={run.name} run={run} grids={grids[i] ?? []} step={step} isNamed={runs.length > 1} />
            ))}
          </div>
          <FilmControls
            id="samples-film"
            label="samples over time"
            steps={steps}
            at={at}
            isPlaying={isPlaying}
            onPlay={setPlaying}
            onChange={(next) =>
              address.change({ step: next === steps.length - 1 ? '' : String(steps[next] ?? '') }, 'film')
            }
          />
        </>
      )}
    </section>
  );
}

function Frame(props: {
  run: WatchedRun;
  grids: readonly { file: string; step: number }[];
  step: number;
  isNamed: boolean;
}) {
  const { run, grids, step, isNamed } = props;
  const addressOf = (file: string) => `runs/${encodeURIComponent(run.name)}/samples/${encodeURIComponent(file)}`;
  const at = frameAt(
    grids.map((grid) => grid.step),
    step,
  );
  const grid = grids[at];
  const near = grids.slice(Math.max(0, at - AHEAD), at + AHEAD + 1).map(({ file }) => addressOf(file));
  const shown = useLoaded(grid && addressOf(grid.file), near);
  return (
    <figure>
      <div class="film-frame">
        {shown !== undefined && <img src={shown} alt={`Samples of ${run.name}, step ${grid?.step ?? 0}`} />}
      </div>
      {isNamed && (
        <figcaption class="note">
          {run.name}, step {(grid?.step ?? 0).toLocaleString('en-US')}
        </figcaption>
      )}
    </figure>
  );
}

/** The address of a picture once it is loaded, and the one before until then: nothing flickers. */
function useLoaded(address: string | undefined, near: readonly string[]): string | undefined {
  const [loaded, setLoaded] = useState<string>();
  useEffect(() => {
    if (address === undefined) return setLoaded(undefined);
    let isWanted = true;
    const image = new Image();
    image.src = address;
    // A picture that cannot be decoded is shown as broken, by its description.
    void image
      .decode()
      .catch(() => undefined)
      .then(() => {
        if (!isWanted) return;
        setLoaded(address);
        for (const each of near) new Image().src = each;
      });
    return () => {
      isWanted = false;
    };
  }, [address]);
  return loaded;
}
