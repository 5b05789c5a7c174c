/** The text below the heading `title` up to the next heading of its level or above. */
export function section(markdown: string, title: string): string {
  const lines = markdown.split('\n');
  const begin = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === title);
  if (begin < 0) throw new Error(`there is no heading "${title}"`);
  const level = /^#+/.exec(lines[begin]!)![0].length;
  let isCode = false;
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => {
    if (line.startsWith('```')) isCode = !isCode;
    return !isCode && /^#+ /.test(line) && /^#+/.exec(line)![0].length <= level;
  });
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}

/** The cells of the first table, row by row, head first. Cells hold no `|`. */
export function readTable(markdown: string): string[][] {
  const lines = markdown.split('\n');
  const begin = lines.findIndex((line) => line.startsWith('|'));
  if (begin < 0) throw new Error('there is no table');
  const table = lines.slice(begin);
  const end = table.findIndex((line) => !line.startsWith('|'));
  const rows = table.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim()),
  );
  return [rows[0]!, ...rows.slice(2)];
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}
