import { encodeSlashedNames } from './slashed-names.js';

const PUBLIC = '/api/public';

describe('a name with a slash in a path', () => {
  it.each<[method: string, sent: string, meant: string]>([
    ['GET', '/v2/prompts/a/b/c?version=1&x=a/b', '/v2/prompts/a%2Fb%2Fc?version=1&x=a/b'],
    ['DELETE', '/v2/prompts/a/b', '/v2/prompts/a%2Fb'],
    ['PATCH', '/v2/prompts/a/b/versions/3', '/v2/prompts/a%2Fb/versions/3'],
    ['PATCH', '/v2/prompts/a/versions/1/versions/3', '/v2/prompts/a%2Fversions%2F1/versions/3'],
    ['GET', '/v2/prompts/a/versions/3', '/v2/prompts/a%2Fversions%2F3'],
    ['GET', '/v2/datasets/a/b', '/v2/datasets/a%2Fb'],
    ['GET', '/datasets/a/b', '/datasets/a%2Fb'],
    ['GET', '/datasets/a/b/runs', '/datasets/a%2Fb/runs'],
    ['GET', '/datasets/a/b/runs/c/d', '/datasets/a%2Fb/runs/c%2Fd'],
    ['GET', '/datasets/a/b/runs/c/d/results', '/datasets/a%2Fb/runs/c%2Fd/results'],
    ['GET', '/datasets/a/b/run-comparison?runs=x', '/datasets/a%2Fb/run-comparison?runs=x'],
  ])('is one name: %s %s', (method, sent, meant) => {
    expect(encodeSlashedNames(PUBLIC + sent, method)).toBe(PUBLIC + meant);
    expect(encodeSlashedNames(PUBLIC + meant, method)).toBe(PUBLIC + meant);
  });

  it.each<[method: string, url: string]>([
    ['GET', '/api/public/v2/prompts'],
    ['GET', '/api/public/v2/prompts/?page=1'],
    ['GET', '/api/public/v2/prompts//'],
    ['GET', '//api/public/v2/prompts/a%2Fb?label=x'],
    ['PATCH', '/api/public/v2/prompts/a/versions/3'],
    ['GET', '/api/public/datasets/a/runs/b/results'],
    ['GET', '/api/public/datasets/runs'],
    ['GET', '/api/public/datasets/runs/runs/runs'],
    ['GET', '/api/public/datasets/a/runs/results'],
    ['PATCH', '/api/public/v2/prompts/versions/3'],
    ['GET', '/api/public/metrics/query/a'],
    ['GET', '/api/public/media/a/content'],
    ['GET', '/api/public/traces'],
    ['GET', '/api/public/traces/a'],
    ['GET', '/api/public/traces//?page=1'],
    ['GET', '/api/public/observations/a/cost'],
    ['GET', '/api/public/observations/cost'],
    ['POST', '/v1/traces'],
    ['GET', '*'],
  ])('is not seen in others: %s %s', (method, url) => expect(encodeSlashedNames(url, method)).toBe(url));

  it.each<[sent: string, meant: string]>([
    ['/traces/a/b?fields=core', '/traces/a%2Fb?fields=core'],
    ['/traces/s3://bucket/key/', '/traces/s3:%2F%2Fbucket%2Fkey'],
    ['/observations/a/b', '/observations/a%2Fb'],
    ['/observations/a/b/cost', '/observations/a%2Fb/cost'],
    ['/observations/a/b/mapping', '/observations/a%2Fb/mapping'],
    ['/sessions/a/b%2Fc', '/sessions/a%2Fb%2Fc'],
    ['/scores/a/b', '/scores/a%2Fb'],
    ['/v2/scores/a/b', '/v2/scores/a%2Fb'],
    ['/dataset-items/a/b', '/dataset-items/a%2Fb'],
    ['/models/a/b', '/models/a%2Fb'],
  ])('is one id, whole: %s', (sent, meant) => {
    for (const method of ['GET', 'DELETE']) {
      expect(encodeSlashedNames(PUBLIC + sent, method)).toBe(PUBLIC + meant);
      expect(encodeSlashedNames(`/${PUBLIC}${sent}`, method)).toBe(PUBLIC + meant);
      expect(encodeSlashedNames(PUBLIC + meant, method)).toBe(PUBLIC + meant);
    }
  });

  it('has no slashes at its ends, and one where several stand', () => {
    expect(encodeSlashedNames(`/${PUBLIC}/v2//prompts//a//b/?label=x`, 'GET')).toBe(
      `${PUBLIC}/v2/prompts/a%2Fb?label=x`,
    );
  });
});
