/** @file The form that starts a training. What is wrong is one line, at the field that it is about. */
import { useState } from 'preact/hooks';
import { defaultPreset, presetNames, type PresetName } from '../../../../trainer/settings/config.js';
import { Button, Select } from '../../ui/controls.js';
import { BEGINNING, fieldOf, FIRST, moreFields, PACE, settingOf, settingsOf, type SettingName } from './fields.js';
import type { Trainings } from './trainings.js';

/** The form. @param onStarted told the name of the run that was started */
export function StartForm({ trainings, onStarted }: { trainings: Trainings; onStarted: (run: string) => void }) {
  const [preset, setPreset] = useState<PresetName>(defaultPreset);
  const [name, setName] = useState(() => stampedName(defaultPreset));
  const [values, setValues] = useState<Partial<Record<SettingName, string>>>(BEGINNING);
  const [problem, setProblem] = useState('');
  const [isSending, setSending] = useState(false);
  const wrong = settingOf(problem);
  const choosePreset = (next: PresetName) => {
    if (name === '' || name.endsWith(`-${preset}`)) setName(stampedName(next));
    setPreset(next);
  };
  const start = async (event: Event) => {
    event.preventDefault();
    setSending(true);
    setProblem('');
    try {
      await trainings.start(name.trim(), { preset, ...settingsOf(values) });
      onStarted(name.trim());
      setName(stampedName(preset));
    } catch (error) {
      setProblem((error as Error).message);
    }
    setSending(false);
  };
  const field = (of: SettingName) => (
    <Field
      key={of}
      name={of}
      preset={preset}
      value={values[of] ?? ''}
      isWrong={wrong === of}
      onChange={(text) => setValues({ ...values, [of]: text })}
    />
  );
  return (
    <form class="start-form" aria-label="Start a training" onSubmit={(event) => void start(event)} noValidate>
      <div class="fields">
        <label class="field" for="start-name">
          <span>name</span>
          <input
            id="start-name"
            type="text"
            value={name}
            aria-invalid={wrong === 'run'}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <Select
          id="start-preset"
          label="preset"
          value={preset}
          choices={presetNames.map((each) => [each, each])}
          onChange={(next) => choosePreset(next as PresetName)}
        />
        {FIRST.map(field)}
      </div>
      <div class="fields">{PACE.map(field)}</div>
      <details>
        <summary>More settings</summary>
        {moreFields().map(([group, names]) => (
          <fieldset key={group}>
            <legend>{group}</legend>
            <div class="fields">{names.map(field)}</div>
          </fieldset>
        ))}
      </details>
      <div class="row wrap">
        <Button id="start" type="submit" kind="main" disabled={isSending}>
          Start the training
        </Button>
        <p id="start-problem" role="alert" class="status error">
          {problem}
        </p>
      </div>
    </form>
  );
}

function Field(props: {
  name: SettingName;
  preset: PresetName;
  value: string;
  isWrong: boolean;
  onChange: (text: string) => void;
}) {
  const { name, preset, value, isWrong, onChange } = props;
  const { label, help, expected, type, choices, otherwise } = fieldOf(name, preset);
  const id = `start-${name}`;
  const options = type === 'boolean' ? ['yes', 'no'] : choices;
  const told = { 'aria-invalid': isWrong, 'aria-describedby': `${id}-help` };
  return (
    <label class="field" for={id} title={`${help} (${expected})`}>
      <span>{label}</span>
      {options ? (
        <select id={id} value={value} {...told} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          <option value="">{otherwise}</option>
          {options
            .filter((each) => each !== otherwise)
            .map((each) => (
              <option key={each} value={each} selected={each === value}>
                {each}
              </option>
            ))}
        </select>
      ) : (
        <input
          id={id}
          type="text"
          inputMode={type === 'number' ? 'decimal' : 'text'}
          value={value}
          placeholder={otherwise}
          {...told}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )}
      <span id={`${id}-help`} class="hidden">
        {help}; {expected}
      </span>
    </label>
  );
}

/** The name that gan-train would give: the time and the preset. */
function stampedName(preset: PresetName): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  return `${stamp}-${preset}`;
}
