/** @file Curves over training steps, as SVG: the pointer or the arrow keys read their values. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formattedNumber } from '../../../../inference/figures/numbers.js';
import { isMarked, lineStyle, seriesColour } from '../../../../inference/figures/theme.js';
import { LineKey } from '../../ui/line-key.js';
import { Marker } from '../../ui/marker.js';
import { lineParts, ticksOf, valueAt, type Point } from './scale.js';

/** One line of a chart. */
export interface Line {
  label: string;
  /** In the order of steps. */
  points: readonly Point[];
  /** Which of the colours, and which dashes and markers. */
  colour: number;
  dash: number;
}

const [HEIGHT, LEFT, RIGHT, BOTTOM, TOP] = [190, 46, 12, 26, 10];
/** The width of a chart before it is known. */
const FIRST_WIDTH = 420;
/** How far a key goes, as a share of the width. */
const KEY_STEP = 0.02;

/** A chart with its legend. */
export function Chart(props: { id: string; title: string; lines: readonly Line[]; marked?: number | undefined }) {
  const { id, title, lines, marked } = props;
  const [read, setRead] = useState<number>();
  const [svg, width] = useWidth();
  const parts = lines.map(({ points }) => lineParts(points));
  const all = parts.flat(2);
  const ticks = ticksOf(all.map(({ value }) => value));
  const [least, most] = [ticks[0] as number, ticks.at(-1) as number];
  const steps = lines.flatMap(({ points }) => [points[0]?.step ?? 0, points.at(-1)?.step ?? 0]);
  const [first, last] = [Math.min(...steps, 0), Math.max(...steps, 1)];
  const x = (step: number) => LEFT + ((step - first) / (last - first)) * (width - LEFT - RIGHT);
  const y = (value: number) => TOP + ((most - value) / (most - least)) * (HEIGHT - TOP - BOTTOM);
  const isEmpty = all.length === 0;
  const shown = read ?? last;
  const byPointer = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    setRead(bounded(first + ((at - LEFT) / (width - LEFT - RIGHT)) * (last - first), first, last));
  };
  const byKey = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP, Home: -1, End: 1 }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    setRead(bounded(shown + Math.sign(move) * Math.max(1, Math.abs(move) * (last - first)), first, last));
  };
  const values = lines.map((line) => ({ ...line, text: valueText(valueAt(line.points, shown)) }));
  const words = isEmpty
    ? `${title}: nothing yet.`
    : `${title} at step ${whole(shown)}: ${values.map(({ label, text }) => `${label} ${text}`).join(', ')}`;
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="note numbers">{isEmpty ? '' : `step ${whole(shown)}`}</span>
      </figcaption>
      <svg
        ref={svg}
        id={id}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        tabIndex={isEmpty ? -1 : 0}
        aria-label={isEmpty ? words : `${words}. Arrow keys read other steps`}
        onPointerMove={byPointer}
        onPointerLeave={() => setRead(undefined)}
        onBlur={() => setRead(undefined)}
        onKeyDown={byKey}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line class={tick === 0 ? 'zero' : 'axis'} x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
            {!isEmpty && (
              <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                {formattedNumber(tick)}
              </text>
            )}
          </g>
        ))}
        {isEmpty ? (
          <text x={width / 2} y={HEIGHT / 2} text-anchor="middle">
            nothing yet
          </text>
        ) : (
          <>
            <text x={LEFT} y={HEIGHT - 8}>
              step {whole(first)}
            </text>
            <text x={width - RIGHT} y={HEIGHT - 8} text-anchor="end">
              {whole(last)}
            </text>
          </>
        )}
        {marked !== undefined && marked >= first && marked <= last && (
          <line class="marked" x1={x(marked)} x2={x(marked)} y1={TOP} y2={HEIGHT - BOTTOM} />
        )}
        {lines.map((line, i) =>
          (parts[i] ?? []).map((part, at) => <Part key={`${line.label} ${at}`} line={line} part={part} x={x} y={y} />),
        )}
        {read !== undefined && <line class="read" x1={x(read)} x2={x(read)} y1={TOP} y2={HEIGHT - BOTTOM} />}
      </svg>
      <ul class="chart-legend">
        {values.map(({ label, colour, dash, text }) => (
          <li key={label}>
            <LineKey colour={seriesColour(colour)} line={dash} />
            <span>{label}</span>
            <span class="note numbers">{text}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** A part of a line without gaps; a single point is a dot. */
function Part(props: {
  line: Line;
  part: readonly Point[];
  x: (step: number) => number;
  y: (value: number) => number;
}) {
  const { line, part, x, y } = props;
  const colour = seriesColour(line.colour);
  const { dash, marker } = lineStyle(line.dash);
  const [first] = part;
  if (first && part.length === 1)
    return <circle cx={x(first.step)} cy={y(first.value)} r="3" style={{ fill: colour }} />;
  return (
    <>
      <polyline
        class="line"
        style={{ stroke: colour }}
        stroke-dasharray={dash.join(' ') || 'none'}
        points={part.map(({ step, value }) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}
      />
      {part.map(
        ({ step, value }, at) =>
          isMarked(at, part.length, line.dash) && (
            <Marker key={step} shape={marker} x={x(step)} y={y(value)} colour={colour} />
          ),
      )}
    </>
  );
}

/** The width of an element in pixels, so that text in it has its own size at any width. */
function useWidth() {
  const svg = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  useLayoutEffect(() => {
    if (!svg.current) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.max(120, Math.round(entry?.contentRect.width ?? 0))),
    );
    observer.observe(svg.current);
    return () => observer.disconnect();
  }, []);
  return [svg, width] as const;
}

const whole = (step: number) => Math.round(step).toLocaleString('en-US');
const bounded = (value: number, least: number, most: number) => Math.max(least, Math.min(most, value));

function valueText(value: number | undefined): string {
  if (value === undefined) return '–';
  return Number.isFinite(value) ? formattedNumber(value) : 'not a number';
}
