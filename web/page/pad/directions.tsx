/** @file The pad's two directions: principal ones, towards seeds, or one that the user made by marking pictures. */
import { useStudio } from '../state/studio.js';
import { Button, Select } from '../ui/controls.js';

/** Principal directions that are offered. */
const COMPONENTS = 8;

/** Both directions, and the marks of the user's own. */
export function Directions() {
  const { live, address } = useStudio();
  const [more, less] = [marks(address.get('more')), marks(address.get('less'))];
  const own = ownDirection(more, less);
  return (
    <fieldset class="directions">
      <legend>Directions</legend>
      <Direction name="across" label="Across" own={own} />
      <Direction name="up" label="Up" own={own} />
      {(more.length > 0 || less.length > 0) && (
        <p class="note">
          Marked: more of it {more.join(', ') || '–'}; less of it {less.join(', ') || '–'}.{' '}
          {own === undefined && 'Mark pictures of both kinds. '}
          <Button
            kind="small"
            onClick={() => address.change({ more: '', less: '', ...withoutOwn(live.recipe.peek()) })}
          >
            Forget the marks
          </Button>
        </p>
      )}
    </fieldset>
  );
}

function Direction({ name, label, own }: { name: 'across' | 'up'; label: string; own: string | undefined }) {
  const { live } = useStudio();
  const direction = live.recipe.value[name];
  const isSeed = direction.startsWith('to:');
  const kind = isSeed ? 'to' : direction;
  const choices = [
    ...Array.from({ length: COMPONENTS }, (_, i) => [`pc:${i + 1}`, `principal ${i + 1}`] as const),
    ['to', 'towards a seed'] as const,
    ...(own === undefined ? [] : [[own, 'what you marked'] as const]),
    ...(direction.startsWith('along:') && direction !== own ? [[direction, 'marked earlier'] as const] : []),
  ];
  return (
    <div class="row">
      <Select
        id={`direction-${name}`}
        label={label}
        value={kind}
        choices={choices}
        onChange={(value) => live.go({ [name]: value === 'to' ? `to:${Math.floor(Math.random() * 1000)}` : value })}
      />
      {isSeed && (
        <label class="field" for={`${name}-seed`}>
          <span>Seed</span>
          <input
            id={`${name}-seed`}
            type="number"
            min="0"
            step="1"
            value={direction.slice(3)}
            onChange={({ currentTarget }) =>
              live.go({ [name]: `to:${Math.max(0, Math.floor(currentTarget.valueAsNumber || 0))}` })
            }
          />
        </label>
      )}
    </div>
  );
}

/** The marked seeds of a setting. */
export const marks = (text: string): string[] => text.split(',').filter((seed) => seed !== '');

/** The direction from pictures with less of something to those with more; undefined until both are marked. */
export function ownDirection(more: readonly string[], less: readonly string[]): string | undefined {
  return more.length > 0 && less.length > 0 ? `along:mean(${more.join(',')}) - mean(${less.join(',')})` : undefined;
}

/** Directions in the place of the user's own. */
function withoutOwn({ across, up }: { across: string; up: string }): Record<string, string> {
  const own = (direction: string) => direction.startsWith('along:');
  return { ...(own(across) && { across: '' }), ...(own(up) && { up: '' }) };
}
