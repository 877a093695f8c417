/** @file The pad: a walk over a plane of the latent space, by pointer, touch and keys. */
import { useComputed } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { directionName, isExpression, recipeName, rounded } from '../engine/recipe.js';
import { useStudio } from '../state/studio.js';
import { ClassField } from '../system/class-field.js';
import { Overlay } from '../system/stage.js';
import { shortVerdict } from '../system/verdict.js';
import { LiveCanvas } from '../ui/canvas.js';
import { IconButton, Status } from '../ui/controls.js';
import { takeRecipe } from '../ui/drag.js';
import { Directions } from './directions.js';
import { Exports } from './exports.js';
import { PadMap } from './pad-map.js';
import { Places } from './places.js';

/** How far a key goes; with Shift, and without. */
const [LARGE, SMALL] = [0.2, 0.05];

/** The pad with what belongs to it. */
export function Pad() {
  const { live } = useStudio();
  const recipe = live.recipe.value;
  return (
    <section class="panel pad-panel" aria-label="Walk">
      <div class="row">
        <h2>Walk</h2>
        <p id="frame-rate" class="note numbers" aria-hidden="true">
          {live.rate.value > 1 ? `${live.rate.value} frames/s` : ''}
        </p>
      </div>
      <Now />
      <Plane />
      <div class="row">
        <SeedField />
        <IconButton
          icon="home"
          label="Back to the centre"
          disabled={recipe.x === 0 && recipe.y === 0}
          onClick={() => live.go({ x: 0, y: 0 })}
        />
      </div>
      <ClassField of="generator" id="class" />
      <Directions />
      <Places />
      <Exports />
      <Status place="pad" />
    </section>
  );
}

/** The picture and the verdict beside the plane, where the drawing is too far away to see while one walks. */
function Now() {
  const { live } = useStudio();
  const shown = useComputed(() => live.frame.value?.picture);
  const [first] = live.frame.value?.classes ?? [];
  return (
    <div class="now" aria-hidden="true">
      <div class="stage">
        <LiveCanvas of={shown} label="" class="picture" />
        <Overlay />
      </div>
      <p class="verdict">
        <span class="word">{first ? shortVerdict(first) : ' '}</span>
        <span class="note numbers">{first?.probability === undefined ? '' : `p ${first.probability.toFixed(2)}`}</span>
      </p>
    </div>
  );
}

/** The plane, and the point on it. */
function Plane() {
  const { live } = useStudio();
  const plane = useRef<HTMLDivElement>(null);
  const recipe = live.recipe.value;
  const { x, y, across, up } = recipe;
  const goTo = (event: PointerEvent) => {
    const box = plane.current?.getBoundingClientRect();
    if (!box) return;
    const within = (share: number) => Math.max(-1, Math.min(1, 2 * share - 1));
    live.go(
      { x: within((event.clientX - box.left) / box.width), y: -within((event.clientY - box.top) / box.height) },
      'walk',
    );
  };
  const byKey = (event: KeyboardEvent) => {
    const step = event.shiftKey ? LARGE : SMALL;
    const moves: Record<string, readonly [number, number]> = {
      ArrowLeft: [x - step, y],
      ArrowRight: [x + step, y],
      ArrowUp: [x, y + step],
      ArrowDown: [x, y - step],
      Home: [0, 0],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const [toX, toY] = move.map((value) => Math.max(-1, Math.min(1, value))) as [number, number];
    live.go({ x: toX, y: toY }, 'walk');
  };
  return (
    <div
      id="pad"
      ref={plane}
      class="plane"
      role="slider"
      tabIndex={0}
      aria-label={`Walk: ${directionName(across)} and ${directionName(up)}. Arrow keys move, Home goes back to the centre`}
      aria-valuemin={-1}
      aria-valuemax={1}
      aria-valuenow={Number(rounded(x))}
      aria-valuetext={recipeName(recipe)}
      onKeyDown={byKey}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        goTo(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && goTo(event)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => takeRecipe(event, (given) => live.visit(given))}
    >
      <PadMap />
      <span class="point" style={{ left: `${50 + 50 * x}%`, top: `${50 - 50 * y}%` }} />
    </div>
  );
}

/** The seed at the centre, and one by chance. */
function SeedField() {
  const { live, notices } = useStudio();
  const { centre } = live.recipe.value;
  const isSeed = /^\d+$/.test(centre);
  return (
    <>
      <label class="field" for="seed">
        <span>{isSeed ? 'Seed at the centre' : 'At the centre'}</span>
        <input
          id="seed"
          type="text"
          inputMode="numeric"
          size={10}
          value={centre.startsWith('{') ? 'a sum of points' : centre}
          onChange={({ currentTarget }) => {
            const text = currentTarget.value.trim();
            notices.tell('pad', '');
            if (!isExpression(text))
              notices.fail('pad', new Error(`expected seeds, such as 7 or 3 - 1 + 2; got ${text}`));
            else if (text !== '') live.go({ centre: text, x: 0, y: 0 });
          }}
        />
      </label>
      <IconButton
        icon="dice"
        label="A seed by chance"
        onClick={() => live.go({ centre: String(Math.floor(Math.random() * 1e6)), x: 0, y: 0 })}
      />
    </>
  );
}
