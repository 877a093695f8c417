/**
 * @file The views of the page. A view is one entry here: a name for the address (`#view=samples`), a title, and a component
 * without properties in a folder of its own, which gets all it needs from `useStudio()`: the worker's calls (`engine`), the
 * networks and runs (`models`), the point at hand (`live`), and settings that stand in the address and can be undone
 * (`address.get`, `address.change`). What goes wrong is told by `notices.fail(place, error)` and shown by
 * `<Status place=…>`. Styles go into a file of the folder that `app/style.css` imports.
 */
import type { ComponentType } from 'preact';
import { ExplainView } from '../explain/view.js';
import { SamplesView } from '../samples/view.js';
import type { Studio } from '../state/studio.js';
import { TrainingView } from '../training/view.js';

/** A view of the page. */
export interface View {
  name: string;
  title: string;
  component: ComponentType;
  /** Whether there is something to show; default always. */
  isUseful?: (studio: Studio) => boolean;
}

/** All views, in the order of their tabs. */
export const views: readonly View[] = [
  { name: 'samples', title: 'Samples', component: SamplesView },
  { name: 'explain', title: 'Explain', component: ExplainView },
  { name: 'training', title: 'Training', component: TrainingView },
];
