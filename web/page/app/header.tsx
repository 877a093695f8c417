/** @file The header: name, networks, undo, theme and link. */
import { useState } from 'preact/hooks';
import { useStudio } from '../state/studio.js';
import { nextTheme, theme } from '../state/theme.js';
import { Button, FileButton, IconButton, Select, Status } from '../ui/controls.js';
import { Icon } from '../ui/icons.js';

/** The top of the page. */
export function Header() {
  const { models, address } = useStudio();
  const runs = models.runs.value;
  return (
    <header class="header">
      <h1>
        <Icon name="logo" />
        gan-studio
      </h1>
      <div class="networks">
        <Select
          id="model-choice"
          label="Networks"
          value={models.run}
          onChange={(run) => models.choose(run)}
          choices={[
            ...runs.map(({ name, exported }) => [name, `run ${name}${exported ? '' : ' (not exported)'}`] as const),
            ...(models.run !== '' && !runs.some(({ name }) => name === models.run)
              ? [[models.run, `run ${models.run} (not there any more)`] as const]
              : []),
            ['', 'built-in (space pictures)'],
          ]}
        />
        <FileButton
          id="network-file"
          label="Open .onnx…"
          accept=".onnx"
          many
          onFiles={(files) => void models.openFiles(files)}
        />
      </div>
      <div class="tools">
        <IconButton
          icon="undo"
          label="Undo"
          title="Undo (Ctrl+Z)"
          disabled={!address.canUndo.value}
          onClick={() => address.undo()}
        />
        <IconButton
          icon="redo"
          label="Redo"
          title="Redo (Ctrl+Shift+Z)"
          disabled={!address.canRedo.value}
          onClick={() => address.redo()}
        />
        <Share />
        <IconButton
          icon={theme.value === 'dark' ? 'moon' : theme.value === 'light' ? 'sun' : 'contrast'}
          label={`Colours: ${theme.value}`}
          onClick={nextTheme}
        />
      </div>
      <Status place="networks">
        <Reopen />
      </Status>
      <Status place="files" />
    </header>
  );
}

/** Copies a link to what is shown. */
function Share() {
  const { address } = useStudio();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(`${location.origin}${location.pathname}#${address.text.peek()}`);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <IconButton
      icon={copied ? 'check' : 'link'}
      label={copied ? 'Link copied' : 'Copy a link to this'}
      title="Copy a link to this"
      onClick={() => void copy()}
    />
  );
}

/** Offers to open the networks again where they were lost. */
function Reopen() {
  const { models } = useStudio();
  if (!models.isLost.value) return null;
  return (
    <Button id="use-wasm" onClick={() => void models.reopen()}>
      Go on with WebAssembly
    </Button>
  );
}
