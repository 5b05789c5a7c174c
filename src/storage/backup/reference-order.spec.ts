import { inReferenceOrder } from './reference-order.js';

describe('the order in which tables are loaded', () => {
  const tables = ['comments', 'posts', 'tags', 'users'].map((name) => ({ name }));
  const order = (...references: [from: string, to: string][]) =>
    inReferenceOrder(
      tables,
      references.map(([from, to]) => ({ from, to })),
    ).map(({ name }) => name);

  it('is the given one where no table refers to another', () => {
    expect(order()).toEqual(['comments', 'posts', 'tags', 'users']);
  });

  it('puts what is referred to first, over several steps', () => {
    expect(order(['comments', 'posts'], ['posts', 'users'])).toEqual(['users', 'posts', 'comments', 'tags']);
  });

  it('ends for circles, tables that refer to themselves, and tables that are not there', () => {
    expect(order(['users', 'posts'], ['posts', 'users'], ['tags', 'tags'], ['tags', 'elsewhere']).sort()).toEqual([
      'comments',
      'posts',
      'tags',
      'users',
    ]);
  });
});
