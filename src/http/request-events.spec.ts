import { resultOf } from './request-events.js';
import { summarizeWrite } from './write-outcome.js';

const refusing = (refusedCount: number) => ({ outcome: summarizeWrite({ itemCount: 3, refusedCount, refused: [] }) });

describe('what became of a request', () => {
  test.each([
    [200, refusing(0), true, 'accepted'],
    [200, refusing(1), true, 'partial'],
    [207, refusing(1), true, 'partial'],
    [400, refusing(3), true, 'refused'],
    [413, {}, true, 'refused'],
    [404, {}, false, 'refused'],
    [401, {}, false, 'unauthenticated'],
    [429, {}, false, 'unauthenticated'],
    [403, {}, true, 'refused'],
    [429, {}, true, 'deferred'],
    [503, {}, true, 'deferred'],
    [503, {}, false, 'deferred'],
    [500, {}, true, 'failed'],
    [undefined, refusing(0), true, 'aborted'],
  ])('status %p is in one word: %#', (status, record, isKnown, result) => {
    expect(resultOf(status, record, isKnown)).toBe(result);
  });
});
