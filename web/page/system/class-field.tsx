/** @file The choice of a class, where the networks are conditional. */
import { useStudio } from '../state/studio.js';
import { Select } from '../ui/controls.js';

/** The class of the generator's pictures, or the one that the discriminator is asked about; both are the same setting. */
export function ClassField({ of, id }: { of: 'generator' | 'explainer'; id: string }) {
  const { models } = useStudio();
  const classes = of === 'generator' ? models.generator.value?.info.classes : models.explainer.value?.info.asked;
  if (!classes) return null;
  return (
    <Select
      id={id}
      label={of === 'generator' ? 'Class' : 'Asked about class'}
      value={String(classes.chosen)}
      choices={classes.names.map((name, number) => [String(number), name])}
      onChange={(value) => models.chooseClass(Number(value))}
    />
  );
}
