import { parsePromptList } from './prompts.query.js';

describe('a list of prompts that is asked for', () => {
  it('goes by plain parameters without a filter', () => {
    const { filter, page } = parsePromptList({ name: 'a', version: '0', label: 'production', filter: '' });
    expect([filter, page]).toEqual([
      { name: 'a', label: 'production' },
      { page: 1, limit: 10 },
    ]);
  });

  it('goes by the filter alone where there is one, be it empty', () => {
    const condition = { type: 'string', column: 'name', operator: '=', value: 'b' };
    const query = { name: 'a', label: 'production', filter: JSON.stringify([condition]), limit: '5' };
    expect(parsePromptList(query)).toEqual({ filter: { conditions: [condition] }, page: { page: 1, limit: 5 } });
    expect(parsePromptList({ name: 'a', filter: '[]' }).filter).toEqual({ conditions: [] });
  });

  it('is refused for a filter that is none', () => {
    expect(() => parsePromptList({ filter: '{}' })).toThrow('filter must be a JSON array');
  });
});
