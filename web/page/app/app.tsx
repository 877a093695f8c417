/** @file The page: its header, the system, the pad, and the chosen view. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Pad } from '../pad/pad.js';
import { useStudio } from '../state/studio.js';
import { System } from '../system/system.js';
import { takeDropped } from '../state/drop.js';
import { Header } from './header.js';
import { views } from './table.js';

/** The whole page. */
export function App() {
  const studio = useStudio();
  const [isDropping, setDropping] = useState(false);
  useEffect(() => listenToPage(studio, setDropping), [studio]);
  return (
    <div class={isDropping ? 'page dropping' : 'page'}>
      <a class="skip" href="#main" onClick={focusMain}>
        Skip to the picture
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <System />
        <div class="bench">
          <Pad />
          <Views />
        </div>
      </main>
    </div>
  );
}

function focusMain(event: Event): void {
  // The fragment holds the page's settings: the link must not replace it.
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** The tabs of the views, and the chosen one. */
function Views() {
  const studio = useStudio();
  const useful = views.filter(({ isUseful }) => isUseful?.(studio) ?? true);
  const name = studio.address.get('view', 'samples');
  const shown = useful.find((view) => view.name === name) ?? useful[0];
  const tabs = useRef<HTMLDivElement>(null);
  const go = (view: string) => studio.address.change({ view: view === 'samples' ? '' : view });
  const byKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = (useful.findIndex((view) => view === shown) + step + useful.length) % useful.length;
    go(useful[at]?.name ?? '');
    (tabs.current?.children[at] as HTMLElement | undefined)?.focus();
  };
  if (!shown) return null;
  const { component: Shown } = shown;
  return (
    <section class="panel views">
      <div class="tabs" role="tablist" aria-label="Views" ref={tabs} onKeyDown={byKey}>
        {useful.map((view) => (
          <button
            key={view.name}
            type="button"
            role="tab"
            id={`tab-${view.name}`}
            aria-selected={view === shown}
            aria-controls="view"
            tabIndex={view === shown ? 0 : -1}
            onClick={() => go(view.name)}
          >
            {view.title}
          </button>
        ))}
      </div>
      <div id="view" class="view" role="tabpanel" aria-labelledby={`tab-${shown.name}`}>
        <Shown />
      </div>
    </section>
  );
}

/** Undo by keyboard, and files dropped anywhere. */
function listenToPage(studio: ReturnType<typeof useStudio>, setDropping: (is: boolean) => void): () => void {
  const byKey = (event: KeyboardEvent) => {
    const isText = event.target instanceof HTMLInputElement && event.target.type !== 'range';
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z' || isText) return;
    event.preventDefault();
    if (event.shiftKey) studio.address.redo();
    else studio.address.undo();
  };
  const drop = (event: DragEvent) => {
    // Things dragged within the page have targets of their own.
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    setDropping(event.type === 'dragover');
    if (event.type === 'drop') void takeDropped(event.dataTransfer, studio);
  };
  const types = ['dragover', 'dragleave', 'drop'] as const;
  document.addEventListener('keydown', byKey);
  for (const type of types) document.addEventListener(type, drop);
  return () => {
    document.removeEventListener('keydown', byKey);
    for (const type of types) document.removeEventListener(type, drop);
  };
}
