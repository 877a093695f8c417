/** @file The network that the maps are compared with: of another run, or a file. */
import { useStudio } from '../state/studio.js';
import { Button, FileButton, Select } from '../ui/controls.js';

/** Chooses the second network. */
export function OtherNetwork() {
  const { models } = useStudio();
  const runs = models.runs.value.filter(({ exported }) => exported);
  const other = models.other.value;
  const open = (run: string) => {
    if (run === '') return;
    const url = new URL(`runs/${encodeURIComponent(run)}/onnx/discriminator.onnx`, location.href).href;
    void models.openOther({ name: `discriminator of ${run}`, url });
  };
  return (
    <div class="row wrap">
      {runs.length > 0 && (
        <Select
          id="other-run"
          label="Compare with the run"
          value=""
          choices={[['', 'choose a run'], ...runs.map(({ name }) => [name, name] as const)]}
          onChange={open}
        />
      )}
      <FileButton
        id="other-file"
        label="Compare with a file…"
        accept=".onnx"
        onFiles={([file]) => void (file && models.openFile(file, 'explainer', 'other'))}
      />
      {other && (
        <Button kind="small" onClick={() => void models.closeOther()}>
          Close {other.name}
        </Button>
      )}
    </div>
  );
}
