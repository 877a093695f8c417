/** @file Samples: an endless grid of seeds, and the arithmetic. */
import { useStudio } from '../state/studio.js';
import { ClassField } from '../system/class-field.js';
import { Select, Status } from '../ui/controls.js';
import { Arithmetic } from './arithmetic.js';
import { Grid } from './grid.js';
import { SortedGrid } from './sorted.js';

/** The grid with its order. */
export function SamplesView() {
  const { address, models } = useStudio();
  const sort = address.get('sort');
  const first = Math.max(0, Math.floor(Number(address.get('first', '0'))) || 0);
  return (
    <div class="samples">
      <div class="row wrap">
        <label class="field" for="first-seed">
          <span>From seed</span>
          <input
            id="first-seed"
            type="number"
            min="0"
            step="1"
            value={first}
            onChange={({ currentTarget }) => {
              const seed = Math.max(0, Math.floor(currentTarget.valueAsNumber || 0));
              address.change({ first: seed === 0 ? '' : String(seed) });
            }}
          />
        </label>
        <ClassField of="generator" id="samples-class" />
        <Select
          id="sort"
          label="Order"
          value={sort}
          choices={[
            ['', 'by seed'],
            ...(models.explainer.value
              ? ([
                  ['high', 'highest score first'],
                  ['low', 'lowest score first'],
                ] as const)
              : []),
          ]}
          onChange={(value) => address.change({ sort: value })}
        />
      </div>
      <Status place="samples" />
      {models.generator.value &&
        (sort === '' ? <Grid first={first} /> : <SortedGrid first={first} lowest={sort === 'low'} />)}
      <Arithmetic />
    </div>
  );
}
