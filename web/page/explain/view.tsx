/** @file Explaining: maps of several methods side by side, of pictures, layers or networks, with their proof. */
import { recipeText } from '../engine/recipe.js';
import { useStudio } from '../state/studio.js';
import { FileButton, Select, Status } from '../ui/controls.js';
import { takeRecipe } from '../ui/drag.js';
import { ClassField } from '../system/class-field.js';
import { takeFiles } from '../state/drop.js';
import { MapTable } from './map-table.js';
import { Methods } from './methods.js';
import { Subjects, subjectsOf } from './subjects.js';

/** What the rows of the table are. */
const COMPARED = [
  ['', 'pictures'],
  ['layers', 'layers'],
  ['networks', 'networks'],
] as const;

/** The pictures to explain, how, and the maps. */
export function ExplainView() {
  const studio = useStudio();
  const { address, models } = studio;
  const take = (files: File[]) => takeFiles(files, studio);
  const takeFolder = (files: File[]) => takeFiles([], studio, files);
  return (
    <div
      class="explain"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) =>
        takeRecipe(event, (recipe) => {
          const id = `z:${recipeText(recipe)}`;
          address.change({ subjects: [...new Set([id, ...subjectsOf(address)])].slice(0, 4).join('|') });
        })
      }
    >
      <div class="row wrap">
        <FileButton id="picture-file" label="Open pictures…" accept="image/*" many onFiles={take} />
        <FileButton id="picture-folder" label="Open a folder…" accept="image/*" folder onFiles={takeFolder} />
        <Select
          id="compare"
          label="Compare"
          value={address.get('compare')}
          choices={COMPARED}
          onChange={(value) => address.change({ compare: value })}
        />
        <Select
          id="scale"
          label="Scale"
          value={address.get('scale')}
          choices={[
            ['', 'of each map'],
            ['one', 'one for each method'],
          ]}
          onChange={(value) => address.change({ scale: value })}
        />
        <ClassField of="explainer" id="asked-class" />
        {models.explainer.value && (
          <FileButton
            id="labels-file"
            label="Class names…"
            accept=".txt"
            onFiles={([file]) => void (file && models.nameClasses(file))}
          />
        )}
      </div>
      <Subjects />
      <Methods />
      <Status place="explain" />
      <MapTable />
    </div>
  );
}
