/** @file Deletion curves: how the target's probability falls as pixels are removed, the map's highest first. */
import type { ReadonlySignal } from '@preact/signals';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { isMarked, lineStyle, seriesColour } from '../../../inference/figures/theme.js';
import type { Proof } from '../engine/explanations.js';
import { LineKey } from '../ui/line-key.js';
import { Marker } from '../ui/marker.js';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [420, 190, 34, 30, 10, 10];

/** The curves of a row's maps: the faster a curve falls, the better the map says what counts. */
export function ProofChart(props: {
  methods: readonly string[];
  titles: ReadonlyMap<string, string>;
  proofs: readonly ReadonlySignal<Proof | undefined>[];
  /** The share that is removed from the pictures. */
  at: number;
}) {
  const x = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - value) * (HEIGHT - TOP - BOTTOM);
  const lines = props.methods.flatMap((method, i) => {
    const proof = props.proofs[i]?.value;
    return proof ? [{ title: props.titles.get(method) ?? method, proof, colour: seriesColour(i), line: i }] : [];
  });
  const best = lines.toSorted((a, b) => a.proof.area - b.proof.area)[0];
  return (
    <figure class="proof">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Deletion curves; areas: ${lines.map(({ title, proof }) => `${title} ${formattedNumber(proof.area)}`).join(', ')}`}
      >
        {[0, 0.5, 1].map((value) => (
          <g key={value}>
            <line class="axis" x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
              {value}
            </text>
          </g>
        ))}
        <text x={LEFT} y={HEIGHT - 8}>
          no pixel removed
        </text>
        <text x={WIDTH - RIGHT} y={HEIGHT - 8} text-anchor="end">
          all
        </text>
        <line class="zero" x1={x(props.at)} x2={x(props.at)} y1={TOP} y2={HEIGHT - BOTTOM} />
        {lines.map(({ title, proof, colour, line }) => (
          <g key={title}>
            <polyline
              class="drawn"
              style={{ stroke: colour }}
              stroke-dasharray={lineStyle(line).dash.join(' ') || 'none'}
              points={proof.x.map((share, i) => `${x(share).toFixed(1)},${y(proof.y[i] ?? 0).toFixed(1)}`).join(' ')}
            />
            {proof.x.map(
              (share, i) =>
                isMarked(i, proof.x.length, line) && (
                  <Marker key={i} shape={lineStyle(line).marker} x={x(share)} y={y(proof.y[i] ?? 0)} colour={colour} />
                ),
            )}
          </g>
        ))}
      </svg>
      <figcaption>
        <p class="note">
          The probability of the target while pixels are removed, the map's highest first: lower is better.
        </p>
        <ul class="legend">
          {lines.map(({ title, proof, colour, line }) => (
            <li key={title}>
              <LineKey colour={colour} line={line} /> {title}{' '}
              <span class="numbers">
                {formattedNumber(proof.area)}
                {title === best?.title && lines.length > 1 ? ' ← best' : ''}
              </span>
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}
