/** @file The methods whose maps stand side by side. */
import type { Address } from '../state/address.js';
import { useStudio } from '../state/studio.js';
import { Button } from '../ui/controls.js';

/** What is shown at first. */
const FIRST = ['gradcam', 'gradcam++', 'hirescam', 'integrated-gradients'];

/** The chosen methods. */
export function methodsOf(address: Address): string[] {
  const text = address.get('methods');
  return text === '' ? FIRST : text.split(',');
}

/** A box for each method that suits the network. */
export function Methods() {
  const { address, models } = useStudio();
  const all = models.explainer.value?.info.methods ?? [];
  const chosen = methodsOf(address);
  const change = (next: readonly string[]) => address.change({ methods: next.join(',') || 'none' });
  return (
    <details class="methods">
      <summary>
        Methods ({all.filter(({ name }) => chosen.includes(name)).length} of {all.length})
      </summary>
      <div class="row wrap">
        <Button
          kind="small"
          id="all-methods"
          disabled={all.length === 0}
          onClick={() => change(all.filter(({ isCostly }) => !isCostly).map(({ name }) => name))}
        >
          All quick ones
        </Button>
        <Button kind="small" onClick={() => address.change({ methods: '' })}>
          Usual ones
        </Button>
      </div>
      <ul class="checks">
        {all.map(({ name, title, isCostly }) => (
          <li key={name}>
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                onChange={({ currentTarget }) =>
                  change(
                    currentTarget.checked
                      ? [...chosen.filter((other) => other !== 'none'), name]
                      : chosen.filter((other) => other !== name),
                  )
                }
              />
              {title}
              {isCostly && <span class="note"> slow</span>}
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}
