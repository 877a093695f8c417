/** @file The table of maps: rows of pictures, layers or networks, columns of methods. */
import { useSignal } from '@preact/signals';
import type { MethodName } from 'ganscope/explain';
import { useEffect, useMemo } from 'preact/hooks';
import { useStudio } from '../state/studio.js';
import { PictureCanvas } from '../ui/canvas.js';
import { Button, Slider } from '../ui/controls.js';
import { ClassBars } from '../system/verdict.js';
import { MapCell, type Reading } from './map-cell.js';
import { methodsOf } from './methods.js';
import { OtherNetwork } from './other-network.js';
import { ProofChart } from './proof-chart.js';
import { rowsOf } from './rows.js';
import { Work, type Row, type Wanted } from './work.js';

/** Milliseconds of rest before the maps of a moving picture are made. */
const REST = 150;

/** The maps. */
export function MapTable() {
  const studio = useStudio();
  const { address, models, live, notices, engine } = studio;
  // Other networks make other maps.
  const work = useMemo(
    () => new Work(engine),
    [engine, models.explainer.value, models.other.value, models.generator.value],
  );
  const reading = useSignal<Reading | undefined>(undefined);
  const explainer = models.explainer.value;
  const titles = new Map(explainer?.info.methods.map(({ name, title }) => [name as string, title]));
  const methods = methodsOf(address).filter((name): name is MethodName => titles.has(name));
  const rows = explainer ? rowsOf(studio) : [];
  const proof = address.get('proof') === '1';
  const removed = Number(address.get('removed', '0'));
  const wanted: Wanted = { rows, methods, target: address.get('target'), palette: live.palette.value, proof };
  const key = JSON.stringify([
    rows.map((row) => [row.key, row.picture.id, row.layer]),
    methods,
    wanted.target,
    wanted.palette === 'diverging',
    proof,
  ]);
  useEffect(() => {
    if (rows.length === 0 || methods.length === 0) return;
    const timer = setTimeout(() => {
      work
        .make(wanted, (text) => notices.tell('explain', text))
        .catch((error: unknown) => notices.fail('explain', error));
    }, REST);
    return () => {
      clearTimeout(timer);
      work.stop();
    };
  }, [work, key]);
  if (!explainer) return <p class="note">Open a discriminator or a classifier to explain pictures.</p>;
  return (
    <>
      <div class="row wrap">
        <Button
          id="proof"
          aria-pressed={proof}
          onClick={() => address.change({ proof: proof ? '' : '1', removed: '' })}
        >
          Prove the maps
        </Button>
        {proof && (
          <Slider
            id="removed"
            label="Pixels removed"
            value={removed}
            onInput={(value) => address.change({ removed: value === 0 ? '' : String(value) }, 'removed')}
          />
        )}
        <ColourBar reading={reading.value} />
      </div>
      {address.get('compare') === 'networks' && <OtherNetwork />}
      {rows.map((row) => (
        <section key={`${row.slot} ${row.key}`} class="map-row" aria-label={row.title}>
          <h3>{row.title}</h3>
          <div class="cells">
            <SeenCell work={work} row={row} reading={reading} />
            {methods.map((method) => (
              <MapCell
                key={method}
                title={titles.get(method) ?? method}
                cell={work.cell(row, method, wanted)}
                seen={work.seen(row)}
                proof={work.proof(row, method, wanted)}
                peers={rows.map((other) => work.cell(other, method, wanted))}
                reading={reading}
                removed={removed}
              />
            ))}
          </div>
          {proof && (
            <ProofChart
              methods={methods}
              titles={titles}
              proofs={methods.map((method) => work.proof(row, method, wanted))}
              at={removed}
            />
          )}
        </section>
      ))}
    </>
  );
}

/** What the network sees, and what it says of it. */
function SeenCell({ work, row, reading }: { work: Work; row: Row; reading: { value: Reading | undefined } }) {
  const seen = work.seen(row).value;
  if (typeof seen === 'string') return <p class="status error">{seen}</p>;
  const { x, y } = reading.value ?? { x: -1, y: -1 };
  return (
    <figure class="cell">
      <div class="stack">
        {seen ? (
          <PictureCanvas picture={seen.picture} label={`${row.title}, as the network sees it`} />
        ) : (
          <span class="blank" />
        )}
        {x >= 0 && <span class="cross" style={{ left: `${100 * x}%`, top: `${100 * y}%` }} />}
      </div>
      <figcaption>
        {seen && seen.classes.length > 0 ? <ClassBars classes={seen.classes} /> : 'what the network sees'}
      </figcaption>
    </figure>
  );
}

/** The colours from the least to the largest value, with the value under the pointer. */
function ColourBar({ reading }: { reading: Reading | undefined }) {
  const { live } = useStudio();
  const colours = live.colours.value;
  if (!colours) return null;
  const stops = Array.from({ length: 17 }, (_, i) => {
    const at = 3 * Math.min(255, i * 16);
    return `rgb(${colours.table[at]} ${colours.table[at + 1]} ${colours.table[at + 2]})`;
  });
  const least = colours.signed ? -1 : 0;
  const place = reading ? (reading.value - least) / (1 - least) : undefined;
  return (
    <div class="colour-bar" aria-hidden="true">
      <span>{least}</span>
      <span class="bar" style={{ background: `linear-gradient(90deg, ${stops.join(', ')})` }}>
        {place !== undefined && <span class="mark" style={{ left: `${100 * place}%` }} />}
      </span>
      <span>1</span>
    </div>
  );
}
