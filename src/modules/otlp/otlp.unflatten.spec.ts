import fc from 'fast-check';
import { FlatList, readLeafPath } from './otlp.unflatten.js';

function listOf(leaves: Readonly<Record<string, unknown>>): unknown {
  const list = new FlatList();
  for (const [key, value] of Object.entries(leaves)) list.add(key, readLeafPath(key)!, value);
  return plain(list.toList());
}

/** Maps as objects, to compare. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)])) : value;
}

describe('a list spread over attributes', () => {
  it('is dense and in order of its indexes, whatever they are and however they came', () => {
    expect(listOf({ '9999999.a': 3, '5.a': 2, '00.a': 1 })).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  it('loses the levels that only say what stands below them', () => {
    expect(
      listOf({
        '0.message.role': 'user',
        '0.message.contents.0.message_content.text': 'hi',
        '0.message.tool_calls.1.tool_call.function.name': 'f',
      }),
    ).toEqual([{ role: 'user', contents: [{ text: 'hi' }], tool_calls: [{ function: { name: 'f' } }] }]);
  });

  it('takes a last number for a name, and keeps a value beside what stands below it', () => {
    expect(listOf({ '0.scores.1': 'x' })).toEqual([{ scores: { '1': 'x' } }]);
    expect(listOf({ '0.content': 'x', '0.content.0.text': 'y' })).toEqual([
      { content: [{ text: 'y' }], 'content.value': 'x' },
    ]);
    expect(listOf({ '0.a.1.b': 1, '0.a.c': 2 })).toEqual([{ a: { '1': { b: 1 }, c: 2 } }]);
  });

  it.each(['', 'name', 'x.0.a', '12345678.a', `0${'.a'.repeat(16)}`])('has no leaf %j', (rest) => {
    expect(readLeafPath(rest)).toBeUndefined();
  });

  it('is read from any keys without failing, and pollutes nothing', () => {
    const segment = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'message', '0', '1', '007', '9999999', ''),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(segment, { minLength: 1, maxLength: 9 }), fc.anything())), (leaves) => {
        const list = new FlatList();
        for (const [segments, value] of leaves) {
          const key = segments.join('.');
          const path = readLeafPath(key);
          if (path !== undefined) list.add(key, path, value);
        }
        if (list.keys.length > 0) expect(list.toList().length).toBeLessThanOrEqual(list.keys.length);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });
});
