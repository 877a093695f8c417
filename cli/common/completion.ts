/** @file Scripts that complete a command's options in bash, zsh and fish, made from the same table as --help. */

/** An option as completion sees it. */
export interface CompletedOption {
  name: string;
  describe: string;
  /** Values, if it takes only these. */
  choices?: readonly string[] | undefined;
  /** Whether it takes no value. */
  boolean: boolean;
}

export type Shell = 'bash' | 'zsh' | 'fish';

/** The script for a shell; values without choices, and arguments, are completed as files. */
export function completionScript(command: string, shell: Shell, options: readonly CompletedOption[]): string {
  return scripts[shell](command, options);
}

const scripts: { [Name in Shell]: (command: string, options: readonly CompletedOption[]) => string } = {
  bash(command, options) {
    const chosen = options
      .filter(({ choices }) => choices)
      .map(({ name, choices = [] }) => {
        return `    --${name}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$cur")); return ;;`;
      });
    const free = options.filter(({ boolean, choices }) => !boolean && !choices).map(({ name }) => `--${name}`);
    const files = free.length > 0 ? [`    ${free.join('|')}) return ;;`] : [];
    const words = options.flatMap(({ name, boolean }) => (boolean ? [`--${name}`, `--no-${name}`] : [`--${name}`]));
    return [
      `# ${command} --completion bash > ~/.local/share/bash-completion/completions/${command}`,
      `${functionName(command)}() {`,
      `  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"`,
      '  COMPREPLY=()',
      '  case "$prev" in',
      ...chosen,
      ...files,
      '  esac',
      `  if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur")); fi`,
      '}',
      `complete -o default -F ${functionName(command)} ${command}`,
      '',
    ].join('\n');
  },

  zsh(command, options) {
    const lines = options.flatMap(({ name, describe, choices, boolean }) => {
      const text = describe.replaceAll(/[[\]\\:]/g, String.raw`\$&`);
      const value = boolean ? '' : choices ? `:${name}:(${choices.join(' ')})` : `:${name}:_files`;
      const names = boolean ? [name, `no-${name}`] : [name];
      return names.map((each) => `  ${quoted(`--${each}[${text}]${value}`)} \\`);
    });
    return [
      `#compdef ${command}`,
      `# ${command} --completion zsh > DIR/_${command}, where DIR is in $fpath`,
      '_arguments \\',
      ...lines,
      "  '*:file:_files'",
      '',
    ].join('\n');
  },

  fish(command, options) {
    const lines = options.flatMap(({ name, describe, choices, boolean }) => {
      const value = boolean ? '' : choices ? ` -x -a ${quoted(choices.join(' '))}` : ' -r -F';
      const names = boolean ? [name, `no-${name}`] : [name];
      return names.map((each) => `complete -c ${command} -l ${each}${value} -d ${quoted(describe)}`);
    });
    return [`# ${command} --completion fish > ~/.config/fish/completions/${command}.fish`, ...lines, ''].join('\n');
  },
};

const functionName = (command: string) => `_${command.replaceAll('-', '_')}`;

/** In single quotes, as all three shells read them; fish alone gives the backslash a meaning inside. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
