/** @file The runs: which are watched, what each does, and the buttons that pause, resume and stop it. */
import type { TrainingInfo } from '../../server/training/trainings.node.js';
import type { RunInfo } from '../../server/runs.node.js';
import { seriesColour } from '../../../inference/figures/theme.js';
import { Button } from '../ui/controls.js';
import type { Act, Trainings } from './control/trainings.js';
import { MOST_RUNS } from './run-charts.js';
import type { WatchedRun } from './parts/watch.js';

/** The list. @param watched names of the watched runs */
export function RunList(props: {
  runs: readonly RunInfo[];
  watched: readonly WatchedRun[];
  trainings: Trainings;
  onWatch: (names: readonly string[]) => void;
  onAct: (run: string, act: Act) => void;
}) {
  const { runs, watched, trainings, onWatch, onAct } = props;
  const names = watched.map(({ name }) => name);
  const started = trainings.known.value.trainings;
  const listed = [
    // A training that begins, and a run that was deleted, are no runs on disk.
    ...[...started.map(({ run }) => run), ...names].filter((name) => !runs.some((run) => run.name === name)),
    ...runs.map(({ name }) => name),
  ];
  return (
    <ul class="run-list" aria-label="Runs">
      {[...new Set(listed)].map((name) => (
        <RunItem
          key={name}
          name={name}
          run={runs.find((run) => run.name === name)}
          training={started.find(({ run }) => run === name)}
          watch={watched.find((each) => each.name === name)}
          place={names.indexOf(name)}
          isFull={names.length >= MOST_RUNS}
          mayAct={trainings.access === 'allowed'}
          onToggle={() => onWatch(names.includes(name) ? names.filter((other) => other !== name) : [...names, name])}
          onOnly={() => onWatch([name])}
          onAct={(act) => onAct(name, act)}
        />
      ))}
    </ul>
  );
}

function RunItem(props: {
  name: string;
  run: RunInfo | undefined;
  training: TrainingInfo | undefined;
  watch: WatchedRun | undefined;
  /** Which of the watched runs it is; −1 for none. */
  place: number;
  isFull: boolean;
  mayAct: boolean;
  onToggle: () => void;
  onOnly: () => void;
  onAct: (act: Act) => void;
}) {
  const { name, run, training, watch, place, isFull, mayAct, onToggle, onOnly, onAct } = props;
  const isWatched = place >= 0;
  const { step: done, steps } = run ?? {};
  const isComplete = done !== undefined && done === steps;
  const state = stateOf(run, training, isComplete, watch?.problem.value ?? '');
  const problem = state === 'starting' ? '' : (watch?.problem.value ?? '');
  // While steps are made their numbers are in the curves.
  const isTelling =
    training?.state === 'failed' ||
    training?.state === 'done' ||
    (training?.state === 'training' && done === undefined);
  const told = problem || (isTelling ? (training?.message ?? '') : '');
  const acts = mayAct ? actsOf(run, training, isComplete) : [];
  return (
    <li class={isWatched ? 'run watched' : 'run'} style={{ '--own': seriesColour(Math.max(0, place)) }}>
      <input
        type="checkbox"
        checked={isWatched}
        disabled={!isWatched && isFull}
        aria-label={`Watch ${name}`}
        onChange={onToggle}
      />
      <button
        type="button"
        class="run-name"
        title={`Watch ${name} alone${run?.notes === undefined ? '' : `\n${run.notes}`}`}
        onClick={onOnly}
      >
        {run?.title ?? name}
      </button>
      <span class={`state ${state}`}>{state}</span>
      <span class="note numbers">
        {done !== undefined && `step ${done.toLocaleString('en-US')}`}
        {done !== undefined && steps !== undefined && ` of ${steps.toLocaleString('en-US')}`}
      </span>
      <span class="acts">
        {acts.map((act) => (
          <Button
            key={act}
            kind="small"
            class={act}
            aria-label={`${NAMES[act]} ${name}`}
            disabled={training?.state === 'stopping'}
            onClick={() => onAct(act)}
          >
            {NAMES[act]}
          </Button>
        ))}
      </span>
      {steps !== undefined && done !== undefined && done < steps && (
        <progress max={steps} value={done} aria-label={`Steps of ${name}`} />
      )}
      {run?.notes !== undefined && <p class="note">{run.notes}</p>}
      {run?.tags !== undefined && <p class="note">{run.tags.map((tag) => `#${tag}`).join(' ')}</p>}
      {told !== '' && <p class={problem !== '' || state === 'failed' ? 'status error' : 'status'}>{told}</p>}
    </li>
  );
}

const NAMES = { pause: 'Pause', resume: 'Resume', stop: 'Stop' } as const satisfies Record<Act, string>;

/** What a run does, in a word. @param problem why it could not be read last time */
function stateOf(
  run: RunInfo | undefined,
  training: TrainingInfo | undefined,
  isComplete: boolean,
  problem: string,
): string {
  if (training?.state === 'training' && run === undefined) return 'starting';
  if (problem !== '') return problem.startsWith('there is no run') ? 'deleted' : 'no answer';
  if (training) return training.state;
  if (run === undefined) return '';
  if (isComplete) return 'done';
  return run.live ? 'training' : 'at rest';
}

/** What may be done with it from here: nothing with a run that another process trains. */
function actsOf(run: RunInfo | undefined, training: TrainingInfo | undefined, isComplete: boolean): Act[] {
  const state = training?.state;
  if (state === 'training' || state === 'stopping') return ['pause', 'stop'];
  if (state === 'paused') return ['resume', 'stop'];
  return run === undefined || isComplete || (training === undefined && run.live) ? [] : ['resume'];
}
