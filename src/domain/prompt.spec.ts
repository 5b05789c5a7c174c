import { labelProblem, labelsOfNewVersion, promptNameProblem } from './prompt.js';

describe('the name of a prompt', () => {
  it.each([
    'a',
    'folder/sub/name',
    'with space',
    '🎉 party',
    'a+b',
    'what?',
    '100%',
    '_under_',
    'new/prompt',
    '__proto__',
  ])('may be %j', (name) => expect(promptNameProblem(name)).toBeUndefined());

  it.each<[string, string]>([
    ['', 'empty'],
    ['a|b', 'must not contain |'],
    ['..', 'must not be . or ..'],
    ['new', 'reserved'],
    ['metrics', 'reserved'],
    ['prompt-detail', 'reserved'],
    ['x'.repeat(256), '255 characters'],
    ['a\u0000', 'U+0000'],
    ['\ud800', 'surrogate'],
  ])('must not be %j', (name, problem) => expect(promptNameProblem(name)).toContain(problem));

  it('may have 255 characters', () => expect(promptNameProblem('x'.repeat(255))).toBeUndefined());
});

describe('a label', () => {
  it.each(['production', 'latest', 'v1.2_b-3', 'x'.repeat(36)])('may be %j', (label) => {
    expect(labelProblem(label)).toBeUndefined();
  });

  it.each(['', 'Production', 'a b', 'a/b', 'é', 'x'.repeat(37), 'a\n'])('must not be %j', (label) => {
    expect(labelProblem(label)).toBeDefined();
  });
});

describe('a new version', () => {
  it.each<[string[], string[]]>([
    [[], ['latest']],
    [['production'], ['production', 'latest']],
    [
      ['latest', 'b', 'a', 'b'],
      ['b', 'a', 'latest'],
    ],
  ])('of labels %j has %j', (labels, expected) => expect(labelsOfNewVersion(labels)).toEqual(expected));
});
