/** @file A man page from what a command's --help prints. */

const HEADING = /^(\S.*):$/;
/** An option or an example: its name, and after two spaces or more what it is. */
const ENTRY = /^ {2}(\S.*?)(?: {2,}(.*))?$/;

/**
 * The page in roff.
 * @param help what `--help` prints: usage, paragraphs, then sections of entries whose names are indented by two spaces
 * @param summary one line for `man -k`
 */
export function manPage(command: string, help: string, summary: string, version: string): string {
  const [usage = '', ...rest] = help.trimEnd().split('\n');
  const lines = [
    `.TH ${command.toUpperCase()} 1 "" "ganscope ${version}" "User Commands"`,
    '.SH NAME',
    `${command} \\- ${roff(summary)}`,
    '.SH SYNOPSIS',
    roff(usage),
    '.SH DESCRIPTION',
  ];
  let inSection = false;
  for (const line of rest) {
    const [, heading] = HEADING.exec(line) ?? [];
    const [, name, text = ''] = (inSection && ENTRY.exec(line)) || [];
    if (heading !== undefined) lines.push(`.SH ${roff(heading.toUpperCase())}`);
    else if (name !== undefined && text === '') lines.push('.PP', roff(name));
    else if (name !== undefined) lines.push('.TP', `.B ${roff(name)}`, roff(text));
    else if (line.trim() === '') lines.push(...(inSection ? [] : ['.PP']));
    else lines.push(roff(line.trim()));
    inSection ||= heading !== undefined;
    // Plain headings, as of a list of targets, are not followed by a colon.
    if (inSection && /^[A-Z]\w+$/.test(line)) lines.splice(-1, 1, `.SH ${line.toUpperCase()}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Text that roff prints as it is. */
function roff(text: string): string {
  return text
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/^[.']/, String.raw`\&$&`);
}
