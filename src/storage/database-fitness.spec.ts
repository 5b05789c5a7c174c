import { unfitness } from './database-fitness.js';

const fit = { versionNumber: 140_000, version: '14.0', encoding: 'UTF8' };

describe('a database', () => {
  it('of PostgreSQL 14 and later in UTF8 is fit', () => {
    expect(unfitness(fit)).toBeUndefined();
    expect(unfitness({ ...fit, versionNumber: 190_001, version: '19.1' })).toBeUndefined();
  });

  it('of an older PostgreSQL is not, and the message names both versions', () => {
    const problem = unfitness({ ...fit, versionNumber: 130_014, version: '13.14 (Debian 13.14-1)' });
    expect(problem).toBe('the database server is PostgreSQL 13.14 (Debian 13.14-1): upgrade it to 14 or later');
  });

  it.each(['LATIN1', 'SQL_ASCII'])('in %s is not', (encoding) => {
    expect(unfitness({ ...fit, encoding })).toContain(`has the encoding ${encoding}: make one with ENCODING 'UTF8'`);
  });
});
