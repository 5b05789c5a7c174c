import { Redactor } from '../../domain/redaction.js';
import { parseNewProject, parseProjectPatch, redactProject } from './projects.body.js';

const CONFIG = { tracesRetentionDays: 90 };

describe('a project that is asked for', () => {
  it('is taken as Langfuse’s clients ask for it', () => {
    const body = { name: 'Search', retention: 0, metadata: { team: 'a', n: [1, null] } };
    const expected = { name: 'Search', metadata: '{"team":"a","n":[1,null]}' };
    expect(parseNewProject(body, CONFIG)).toEqual(expected);
    expect(parseProjectPatch({ ...body, id: 'ignored' }, CONFIG)).toEqual(expected);
    expect(parseNewProject({ name: 'S', id: 'search', retention: 90 }, CONFIG)).toEqual({ name: 'S', id: 'search' });
  });

  it.each<[string, unknown]>([
    ['body', 'text'],
    ['name', {}],
    ['name', { name: '' }],
    ['name', { name: 'n'.repeat(201) }],
    ['name', { name: 'a\u0000' }],
    ['id', { name: 'n', id: '' }],
    ['id', { name: 'n', id: 'a\tb' }],
    ['id', { name: 'n', id: 'i'.repeat(201) }],
    ['retention', { name: 'n', retention: 7 }],
    ['retention', { name: 'n', retention: '0' }],
    ['metadata', { name: 'n', metadata: [] }],
    ['metadata', { name: 'n', metadata: 'text' }],
    ['metadata', { name: 'n', metadata: { k: 'v'.repeat(16 * 1024) } }],
    ['metadata', { name: 'n', metadata: { deep: JSON.parse('['.repeat(300) + ']'.repeat(300)) as unknown } }],
  ])('is refused, naming %s: %j', (field, body) => {
    expect(() => parseNewProject(body, CONFIG)).toThrow(expect.objectContaining({ field }));
  });

  it('keeps no secret', () => {
    const secret = `sk-proj-${'a1B2'.repeat(6)}`;
    const patch = parseNewProject(
      { name: secret, metadata: { password: 'hunter2', deep: [{ apiKey: secret }] } },
      CONFIG,
    );
    const redacted = JSON.stringify(redactProject(patch, new Redactor()));
    expect(redacted).not.toMatch(/a1B2|hunter2/);
  });
});
