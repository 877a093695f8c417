/** @file The controls of a film: a frame for each step, which one scrubs, plays or steps through. */
import { useEffect } from 'preact/hooks';
import { Button, IconButton } from '../../ui/controls.js';

/** Milliseconds that a frame is shown while the film plays. */
const FRAME_MS = 250;

/** The controls under a film. */
export function FilmControls(props: {
  id: string;
  /** What the film is of, for screen readers. */
  label: string;
  /** The steps of the frames, in order. */
  steps: readonly number[];
  at: number;
  onChange: (at: number) => void;
  isPlaying: boolean;
  onPlay: (is: boolean) => void;
}) {
  const { id, label, steps, at, onChange, isPlaying, onPlay } = props;
  const last = Math.max(0, steps.length - 1);
  const isShort = steps.length < 2;
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => (at < last ? onChange(at + 1) : onPlay(false)), FRAME_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, at, last]);
  const go = (to: number) => {
    onPlay(false);
    onChange(Math.max(0, Math.min(last, to)));
  };
  const step = steps[at];
  const text = step === undefined ? 'no frame' : `step ${step.toLocaleString('en-US')}`;
  return (
    <div class="film-controls" role="group" aria-label={`Film: ${label}`}>
      <IconButton
        id={`${id}-play`}
        icon={isPlaying ? 'pause' : 'play'}
        label={isPlaying ? 'Pause the film' : 'Play the film'}
        disabled={isShort}
        onClick={() => {
          // At its end it plays from the beginning.
          if (!isPlaying && at >= last) onChange(0);
          onPlay(!isPlaying);
        }}
      />
      <Button kind="icon" aria-label="Previous frame" disabled={isShort || at === 0} onClick={() => go(at - 1)}>
        ‹
      </Button>
      <Button kind="icon" aria-label="Next frame" disabled={isShort || at >= last} onClick={() => go(at + 1)}>
        ›
      </Button>
      <input
        id={`${id}-frame`}
        type="range"
        min="0"
        max={last}
        step="1"
        value={at}
        disabled={isShort}
        aria-label={`Frame of the film: ${label}`}
        aria-valuetext={`${text}, frame ${at + 1} of ${steps.length}`}
        onInput={({ currentTarget }) => go(currentTarget.valueAsNumber)}
      />
      <output class="numbers" for={`${id}-frame`}>
        {text}
      </output>
    </div>
  );
}

/** The last frame up to a step; the first one where there is none. */
export function frameAt(steps: readonly number[], step: number): number {
  return Math.max(
    0,
    steps.findLastIndex((each) => each <= step),
  );
}
