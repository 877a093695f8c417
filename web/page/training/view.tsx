/** @file Training: the runs on disk, live; their curves, samples and attention over time; and starting and stopping them. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { partsOf } from '../engine/recipe.js';
import { useStudio } from '../state/studio.js';
import { Status } from '../ui/controls.js';
import { AttentionFilm } from './attention/attention-film.js';
import { StartForm } from './control/start-form.js';
import { Trainings, type Act } from './control/trainings.js';
import { MOST_RUNS, RunCharts } from './run-charts.js';
import { RunList } from './run-list.js';
import { SamplesFilm } from './samples-film.js';
import { SettingsDifference } from './settings-difference.js';
import { WatchedRun } from './parts/watch.js';

/** Milliseconds between looks at the runs. */
const INTERVAL = 2000;

const trainings = new Trainings();
/** What was read of runs; another look at one goes on from there. */
const known = new Map<string, WatchedRun>();

/** The view. */
export function TrainingView() {
  const { models, address, notices } = useStudio();
  const runs = models.runs.value;
  const names = watchedNames(address.get('watch'), models.run || (runs[0]?.name ?? ''));
  const watched = useMemo(() => names.map(watchedRun), [names.join('|')]);
  useLooking(watched);
  const [first] = watched;
  const watch = (next: readonly string[]) =>
    address.change({ watch: next.map(encodeURIComponent).join('|'), attentionStep: '', step: '' });
  const act = (run: string, what: Act) => {
    trainings.act(run, what).then(
      () => notices.tell('training', ''),
      (error: unknown) => notices.fail('training', error),
    );
  };
  const step = address.get('step');
  // Nothing moves when the first numbers come: the place below is kept for them.
  const isKnown = watched.every(({ details, problem }) => details.value !== undefined || problem.value !== '');
  return (
    <div class="training">
      <div class="training-runs">
        {runs.length === 0 && <p class="note">There are no runs in runs/ yet: gan-train makes them.</p>}
        <RunList runs={runs} watched={watched} trainings={trainings} onWatch={watch} onAct={act} />
        <Status place="training" />
        <Starting
          onStarted={(run) => {
            watch([run]);
            void models.refreshRuns();
          }}
        />
      </div>
      {first && !isKnown && <div class="awaited" />}
      {first && isKnown && (
        <>
          <div class="overview">
            <SamplesFilm runs={watched} />
            <RunCharts runs={watched} step={step === '' ? undefined : Number(step)} />
          </div>
          <AttentionFilm key={first.name} run={first} />
          <SettingsDifference runs={watched} />
        </>
      )}
    </div>
  );
}

/** The form, where the server allows trainings and this page was opened by the printed address. */
function Starting({ onStarted }: { onStarted: (run: string) => void }) {
  const { access } = trainings;
  const [isOpen, setOpen] = useState(false);
  if (access === undefined)
    return <p class="note">gan-studio --allow-training also starts and stops trainings here.</p>;
  if (access === 'no token')
    return <p class="note">Open the whole address that gan-studio printed: then trainings can be started here.</p>;
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary id="start-training">Start a training</summary>
      {isOpen && <StartForm trainings={trainings} onStarted={onStarted} />}
    </details>
  );
}

/** Looks at the runs again and again while the view is shown and the tab is visible. */
function useLooking(watched: readonly WatchedRun[]): void {
  const { models } = useStudio();
  /** A training that reads its pictures has no run on disk yet. */
  const isStarting = (name: string) =>
    trainings.known.peek().trainings.some(({ run, state }) => run === name && state === 'training') &&
    !models.runs.peek().some((run) => run.name === name);
  useEffect(() => {
    let isShown = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      if (!document.hidden) {
        await Promise.all([models.refreshRuns(), trainings.refresh()]);
        await Promise.all(watched.filter(({ name }) => !isStarting(name)).map((run) => run.refresh()));
      }
      if (isShown) timer = setTimeout(() => void look(), INTERVAL);
    };
    void look();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, [watched, models]);
}

/** The runs of a setting; the page's own run where none is named. */
function watchedNames(setting: string, otherwise: string): string[] {
  const named = partsOf(setting, '|')
    .filter((part) => part !== '')
    .map(decoded);
  const names = named.length > 0 ? named : otherwise === '' ? [] : [otherwise];
  return [...new Set(names)].slice(0, MOST_RUNS);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function watchedRun(name: string): WatchedRun {
  const run = known.get(name) ?? new WatchedRun(name);
  known.set(name, run);
  return run;
}
