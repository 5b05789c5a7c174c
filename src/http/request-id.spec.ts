import { requestIdOf } from './request-id.js';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

describe('the id of a request', () => {
  test.each([
    '5b8efff798038103d269b633813fc60c',
    '01J9Z3NDEKTSV4RRFFQ69G5FAV',
    'a',
    'Root=1-67891233-abcdef012345678912345678',
    'x'.repeat(128),
  ])('is the one that came: %s', (id) => expect(requestIdOf(id)).toBe(id));

  test.each([undefined, '', 'two words', 'line\nbreak', '"quoted"', '{"a":1}', 'ä', 'x'.repeat(129), ['a', 'b']])(
    'is a new one for %j',
    (header) => {
      const ids = [requestIdOf(header), requestIdOf(header)];
      ids.forEach((id) => expect(id).toMatch(UUID));
      expect(ids[0]).not.toBe(ids[1]);
    },
  );
});
