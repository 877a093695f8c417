/** @file What the network says of the picture: a gauge from fake to real, or the largest classes. */
import type { ClassScore } from 'ganscope/explain';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { useStudio } from '../state/studio.js';

/** The end of the drawing. */
export function Verdict() {
  const { live, models } = useStudio();
  const classes = live.frame.value?.classes ?? [];
  const [first] = classes;
  if (!models.explainer.value) return <h2>Verdict</h2>;
  if (models.explainer.value.info.isVerdict || classes.length === 1) {
    const probability = first?.probability;
    return (
      <>
        <h2>Verdict</h2>
        {(!first || probability !== undefined) && <Gauge share={probability ?? 0.5} />}
        <p class="word" aria-live="off">
          {first ? shortVerdict(first) : ' '}
        </p>
        <p class="note numbers">
          {first && probability !== undefined
            ? `D(x) ${probability.toFixed(2)} · logit ${formattedNumber(first.score)}`
            : ' '}
        </p>
      </>
    );
  }
  return (
    <>
      <h2>Classes</h2>
      <ClassBars classes={classes} />
    </>
  );
}

/** The verdict in a word: the class, real or fake, or the score of a network that says neither. */
export function shortVerdict({ class: number, label, name, score, probability }: ClassScore): string {
  if (number !== undefined) return name ?? label;
  if (probability === undefined) return `score ${formattedNumber(score)}`;
  return probability >= 0.5 ? 'real' : 'fake';
}

/** The largest classes as bars. */
export function ClassBars({ classes }: { classes: readonly ClassScore[] }) {
  const most = classes[0]?.score ?? 0;
  return (
    <ol class="classes">
      {classes.map(({ label, name, score, probability }) => (
        <li key={label}>
          <span class="bar" style={{ inlineSize: `${100 * (probability ?? Math.max(0, score / (most || 1)))}%` }} />
          <span class="label">{name ?? label}</span>
          <span class="value">
            {probability === undefined ? formattedNumber(score) : `${(100 * probability).toFixed(1)} %`}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** A half circle with a needle: 0 is fake, 1 is real. */
function Gauge({ share }: { share: number }) {
  const angle = Math.PI * (1 - share);
  const [x, y] = [60 + 40 * Math.cos(angle), 60 - 40 * Math.sin(angle)];
  return (
    <svg class="gauge" viewBox="0 0 120 76" role="img" aria-label={`D(x) ${share.toFixed(2)}`}>
      <path d="M12 60a48 48 0 0 1 48-48" class="fake" />
      <path d="M60 12a48 48 0 0 1 48 48" class="real" />
      <line x1="60" y1="60" x2={x} y2={y} />
      <circle cx="60" cy="60" r="5" />
      <text x="12" y="74" text-anchor="middle">
        fake
      </text>
      <text x="108" y="74" text-anchor="middle">
        real
      </text>
    </svg>
  );
}
