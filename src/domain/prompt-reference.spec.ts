import { type PromptContent } from './prompt.js';
import {
  findReferences,
  type IncludedPrompt,
  MAX_REFERENCE_DEPTH,
  referenceKey,
  resolvePrompt,
} from './prompt-reference.js';

const byVersion = (name: string, version = 1): string => `@@@langfusePrompt:name=${name}|version=${version}@@@`;
const byLabel = (name: string, label: string): string => `@@@langfusePrompt:name=${name}|label=${label}@@@`;

function aPrompt(name: string, content: PromptContent, version = 1): IncludedPrompt {
  return { id: `${name}-${version}`, name, version, type: typeof content === 'string' ? 'text' : 'chat', content };
}

/** Each prompt under its version, and under `production` as well. */
function library(...prompts: IncludedPrompt[]): Map<string, IncludedPrompt> {
  return new Map(
    prompts.flatMap((prompt) => [
      [referenceKey({ name: prompt.name, selector: { version: prompt.version } }), prompt],
      [referenceKey({ name: prompt.name, selector: { label: 'production' } }), prompt],
    ]),
  );
}

describe('references in a prompt', () => {
  it('are found by version and by label, each once', () => {
    const text = `${byVersion('a/b c', 12)} ${byLabel('=odd?', 'production')} ${byVersion('a/b c', 12)}`;
    expect(findReferences(text)).toEqual([
      { name: 'a/b c', selector: { version: 12 } },
      { name: '=odd?', selector: { label: 'production' } },
    ]);
  });

  it('are found in the messages of a chat', () => {
    const chat = [
      { role: 'system', content: byVersion('a') },
      { type: 'placeholder' as const, name: byVersion('b') },
    ];
    expect(findReferences(chat)).toEqual([{ name: 'a', selector: { version: 1 } }]);
  });

  it.each([
    '@@@langfusePrompt:name=a@@@',
    '@@@langfusePrompt:version=1|name=a@@@',
    '@@@langfusePrompt:name=a|version=0@@@',
    '@@@langfusePrompt:name=a|version=x@@@',
    '@@@langfusePrompt:name=a|version=9999999999@@@',
    '@@@langfusePrompt:name=a|version=1|label=b@@@',
    '@@@langfusePrompt:name=|version=1@@@',
    '@@@langfuseMedia:type=image/png|id=x|source=bytes@@@',
    '@@langfusePrompt:name=a|version=1@@',
  ])('are not %j, which stays as it is', (text) => {
    expect(findReferences(text)).toEqual([]);
    expect(resolvePrompt(aPrompt('root', text), new Map())).toEqual({ content: text, graph: undefined });
  });
});

describe('a prompt that includes others', () => {
  it('is one text with theirs, and says which they were', () => {
    const root = aPrompt('root', `<${byVersion('a')}|${byLabel('b', 'production')}|${byVersion('a')}>`);
    const { content, graph } = resolvePrompt(root, library(aPrompt('a', `A$1${byVersion('b')}$&`), aPrompt('b', 'B')));
    expect(content).toBe('<A$1B$&|B|A$1B$&>');
    expect(graph).toEqual({
      root: { id: 'root-1', name: 'root', version: 1 },
      dependencies: new Map([
        [
          'root-1',
          [
            { id: 'a-1', name: 'a', version: 1 },
            { id: 'b-1', name: 'b', version: 1 },
          ],
        ],
        ['a-1', [{ id: 'b-1', name: 'b', version: 1 }]],
      ]),
    });
  });

  it('may be a chat, whose placeholders stay', () => {
    const chat = [
      { role: 'system', content: `Be ${byVersion('tone')}.` },
      { type: 'placeholder' as const, name: 'history' },
    ];
    expect(resolvePrompt(aPrompt('root', chat), library(aPrompt('tone', 'kind'))).content).toEqual([
      { role: 'system', content: 'Be kind.' },
      { type: 'placeholder', name: 'history' },
    ]);
  });

  it.each<[string, IncludedPrompt[], string]>([
    [byVersion('nowhere', 3), [], "not found: 'nowhere' with version 3"],
    [byLabel('a', 'staging'), [aPrompt('a', 'A')], "not found: 'a' with label 'staging'"],
    [byVersion('chat'), [aPrompt('chat', [])], 'is not a text prompt'],
    [byVersion('a'), [aPrompt('a', byVersion('a'))], 'Circular dependency'],
    [byVersion('a'), [aPrompt('a', byVersion('b')), aPrompt('b', byLabel('a', 'production'))], 'Circular dependency'],
  ])('is refused for %j', (text, prompts, message) => {
    expect(() => resolvePrompt(aPrompt('root', text), library(...prompts))).toThrow(message);
  });

  /** `p1` includes `p2`, and so on to `p{depth}`, which is plain. */
  const chain = (depth: number): IncludedPrompt[] =>
    Array.from({ length: depth }, (_, i) =>
      aPrompt(`p${i + 1}`, i + 1 === depth ? 'end' : `(${byVersion(`p${i + 2}`)})`),
    );

  it('goes five levels deep and no deeper, also where a part was resolved before', () => {
    const root = aPrompt('root', byVersion('p1'));
    expect(resolvePrompt(root, library(...chain(MAX_REFERENCE_DEPTH))).content).toBe('((((end))))');
    expect(() => resolvePrompt(root, library(...chain(MAX_REFERENCE_DEPTH + 1)))).toThrow('at most 5 levels');
    const twice = aPrompt('root', `${byVersion('p1')}${byVersion('over')}`);
    const over = aPrompt('over', byVersion('p1'));
    expect(() => resolvePrompt(twice, library(over, ...chain(MAX_REFERENCE_DEPTH)))).toThrow('at most 5 levels');
  });

  it('does not grow without bound', () => {
    const tenfold = (name: string): string => byVersion(name).repeat(100);
    const prompts = [aPrompt('a', tenfold('b')), aPrompt('b', tenfold('c')), aPrompt('c', 'x'.repeat(1000))];
    expect(() => resolvePrompt(aPrompt('root', tenfold('a')), library(...prompts))).toThrow('longer than');
    const chat = Array.from({ length: 50 }, () => ({ role: 'user', content: byVersion('c').repeat(100) }));
    expect(() => resolvePrompt(aPrompt('root', chat), library(...prompts))).toThrow('longer than');
  });
});
