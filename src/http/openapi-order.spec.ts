import { inReadingOrder } from './openapi-order.js';

describe('the order of routes on the page', () => {
  const operation = (operationId: string) => ({ operationId, responses: {} });

  it('puts a path behind the one that it extends, and leaves the others as the modules have them', () => {
    const names = ['/a/{id}/why', '/v1/z', '/', '/a', '/ab', '/a/{id}', '/v1/b'];
    const paths = Object.fromEntries(names.map((name) => [name, { get: operation(name) }]));
    const ordered = inReadingOrder(paths);
    expect(Object.keys(ordered)).toEqual(['/v1/z', '/', '/a', '/a/{id}', '/a/{id}/why', '/ab', '/v1/b']);
    expect(ordered).toEqual(paths);
  });

  it('shows what reads first and what deletes last, and loses nothing', () => {
    const item = {
      delete: operation('d'),
      patch: operation('p'),
      post: operation('o'),
      summary: 'kept',
      get: operation('g'),
      put: operation('u'),
    };
    const ordered = inReadingOrder({ '/a': item });
    expect(ordered).toEqual({ '/a': item });
    expect(Object.keys(ordered['/a']!)).toEqual(['summary', 'get', 'post', 'put', 'patch', 'delete']);
  });
});
