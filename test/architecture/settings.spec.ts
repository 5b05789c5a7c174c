import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '../../src/config/config.js';
import { type Setting } from '../../src/config/setting.js';
import { readTable, section } from '../support/markdown.js';
import { PROJECT_ROOT } from '../support/server-process.js';

const readme = readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8');

/** The row of README.md that a setting should have. */
function rowOf({ name, aliases = [], default: value, doc }: Setting<unknown>): string[] {
  const alsoReadAs = aliases.length > 0 ? ` (also read as ${aliases.map((alias) => `\`${alias}\``).join(', ')})` : '';
  return [`\`${name}\``, value === undefined ? '' : `\`${value}\``, doc + alsoReadAs];
}

describe('README.md', () => {
  it('lists exactly the settings, with their defaults and meanings', () => {
    const [head, ...rows] = readTable(section(readme, 'Settings'));
    expect(head).toEqual(['name', 'default', 'meaning']);
    expect(rows).toEqual(Object.values(SETTINGS).map((setting: Setting<unknown>) => rowOf(setting)));
  });

  it('names no setting elsewhere that does not exist', () => {
    const known = Object.values(SETTINGS).flatMap(({ name, aliases = [] }: Setting<unknown>) => [name, ...aliases]);
    // Of SDKs and agents, not of the server.
    const others = ['BASE_URL', 'LANGFUSE_BASE_URL'];
    const named = readme.match(/\b(?:[A-Z]+_)+[A-Z]+\b/g) ?? [];
    const unknown = named.filter(
      (name) => !known.includes(name) && !others.includes(name) && !name.startsWith('OTEL_'),
    );
    expect(unknown).toEqual([]);
  });
});
