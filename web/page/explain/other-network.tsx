/** @file The network that the maps are compared with: of another run, of a checkpoint, or a file. */
import { useEffect, useState } from 'preact/hooks';
import type { RunDetails } from '../../server/runs/details.node.js';
import { useStudio } from '../state/studio.js';
import { Button, FileButton, Select } from '../ui/controls.js';

/** Chooses the second network. */
export function OtherNetwork() {
  const { models } = useStudio();
  const other = models.other.value;
  const runs = models.runs.value;
  const [chosen, setRun] = useState('');
  const run = chosen || models.run;
  const checkpoints = useCheckpoints(run);
  const open = (folder: string) => {
    const url = new URL(`runs/${encodeURIComponent(run)}/${folder}/discriminator.onnx`, location.href).href;
    void models.openOther({ name: `discriminator of ${run}, ${folder.replace(/^checkpoints\//, '')}`, url });
  };
  const isExported = runs.some(({ name, exported }) => name === run && exported);
  return (
    <div class="row wrap">
      {runs.length > 0 && (
        <>
          <Select
            id="other-run"
            label="Compare with the run"
            value={run}
            choices={[
              ...(run === '' ? [['', 'choose a run'] as const] : []),
              ...runs.map(({ name }) => [name, name] as const),
            ]}
            onChange={setRun}
          />
          <Select
            id="other-checkpoint"
            label="its networks of"
            value=""
            choices={[
              ['', 'choose'],
              ...(isExported ? [['onnx', 'the export'] as const] : []),
              ...checkpoints.map(
                ({ name, step, best }) => [`checkpoints/${name}`, `step ${step}${best ? ' (best)' : ''}`] as const,
              ),
            ]}
            onChange={(folder) => folder !== '' && open(folder)}
          />
        </>
      )}
      <FileButton
        id="other-file"
        label="Compare with a file…"
        accept=".onnx"
        onFiles={(files) => void models.openFiles(files, 'explainer', 'other')}
      />
      {other && (
        <Button kind="small" onClick={() => void models.closeOther()}>
          Close {other.name}
        </Button>
      )}
    </div>
  );
}

/** The checkpoints of a run. */
function useCheckpoints(run: string): RunDetails['checkpoints'] {
  const { notices } = useStudio();
  const [checkpoints, setCheckpoints] = useState<RunDetails['checkpoints']>([]);
  useEffect(() => {
    let isShown = true;
    setCheckpoints([]);
    const find = async () => {
      if (run === '') return;
      const response = await fetch(`api/runs/${encodeURIComponent(run)}`);
      if (!response.ok) throw new Error((await response.text()).trim());
      const details = (await response.json()) as RunDetails;
      if (isShown) setCheckpoints(details.checkpoints);
    };
    find().catch((error: unknown) => isShown && notices.fail('explain', error));
    return () => {
      isShown = false;
    };
  }, [run, notices]);
  return checkpoints;
}
