/** @file Controls: buttons, choices, sliders, files and status lines. */
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Place } from '../state/notices.js';
import { useStudio } from '../state/studio.js';
import { Icon, type IconName } from './icons.js';

/** A value with the text that is shown for it. */
export type Choice = readonly [value: string, text: string];

/** A choice of one of several. */
export function Select(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChange: (value: string) => void;
  id?: string;
}) {
  const own = useId();
  const id = props.id ?? own;
  return (
    <label class="field" for={id}>
      <span>{props.label}</span>
      <select
        id={id}
        value={props.value}
        onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
        disabled={props.choices.length === 0}
      >
        {props.choices.map(([value, text]) => (
          <option key={value} value={value} selected={value === props.value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A button. */
export function Button({ kind = '', ...props }: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: string }) {
  return <button type="button" {...props} class={`button ${kind} ${String(props.class ?? '')}`} />;
}

/** A button with an icon alone; its label is its title too, unless there is another. */
export function IconButton({
  icon,
  label,
  ...props
}: ButtonHTMLAttributes<HTMLButtonElement> & { icon: IconName; label: string }) {
  return (
    <Button kind="icon" aria-label={label} title={label} {...props}>
      <Icon name={icon} />
    </Button>
  );
}

/** A slider of 0…1 with its value in words. */
export function Slider(props: {
  label: string;
  value: number;
  onInput: (value: number) => void;
  text?: string;
  id?: string;
}) {
  const own = useId();
  const id = props.id ?? own;
  return (
    <label class="slider" for={id}>
      <span>{props.label}</span>
      <input
        id={id}
        type="range"
        min="0"
        max="1"
        step="0.01"
        value={props.value}
        onInput={({ currentTarget }) => props.onInput(currentTarget.valueAsNumber)}
      />
      <output for={id}>{props.text ?? `${Math.round(100 * props.value)} %`}</output>
    </label>
  );
}

/** A button that opens files of the user. */
export function FileButton(props: {
  label: string;
  accept: string;
  onFiles: (files: File[]) => void;
  many?: boolean;
  folder?: boolean;
  id?: string;
}) {
  const own = useId();
  const id = props.id ?? own;
  return (
    <label class="button file" for={id}>
      {props.label}
      <input
        id={id}
        type="file"
        accept={props.accept}
        multiple={props.many ?? false}
        ref={(input) => {
          if (props.folder) input?.setAttribute('webkitdirectory', '');
        }}
        onChange={({ currentTarget }) => {
          props.onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = '';
        }}
      />
    </label>
  );
}

/** The line that tells what a part does, or what went wrong there; screen readers read it out. */
export function Status({ place, children }: { place: Place; children?: ComponentChildren }) {
  const { text, isError } = useStudio().notices.at(place).value;
  return (
    <p id={`${place}-status`} role="status" class={isError ? 'status error' : 'status'}>
      {text}
      {children}
    </p>
  );
}
