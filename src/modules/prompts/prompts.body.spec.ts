import { parseNewLabels, parsePromptDraft, parseV1PromptDraft } from './prompts.body.js';

const TEXT = { name: 'greeting', prompt: 'Hello {{name}}' };

describe('a prompt that is sent', () => {
  it('is a text without labels, tags and config unless it says otherwise', () => {
    expect(parsePromptDraft(TEXT)).toEqual({
      name: 'greeting',
      type: 'text',
      content: 'Hello {{name}}',
      labels: [],
      tags: undefined,
      config: '{}',
      commitMessage: null,
    });
  });

  it('keeps of messages what Langfuse keeps', () => {
    const prompt = [
      { type: 'chatmessage', role: 'system', content: 'Hi\u0000' },
      { type: 'placeholder', name: 'history' },
      { role: 'user', content: '', cache: true },
    ];
    expect(parsePromptDraft({ ...TEXT, type: 'chat', prompt }).content).toEqual([
      { role: 'system', content: 'Hi\ufffd' },
      { type: 'placeholder', name: 'history' },
      { role: 'user', content: '' },
    ]);
  });

  it('tells no tags from none said', () => {
    expect(parsePromptDraft({ ...TEXT, tags: [] }).tags).toEqual([]);
    expect(parsePromptDraft({ ...TEXT, tags: null }).tags).toBeUndefined();
    expect(parsePromptDraft({ ...TEXT, tags: ['b', 'a', 'b'] }).tags).toEqual(['b', 'a']);
  });

  it.each<[unknown, string]>([
    [undefined, 'body must be a JSON object'],
    [[], 'body must be a JSON object'],
    [{ prompt: 'x' }, 'name must be a string'],
    [{ ...TEXT, name: 'a|b' }, 'name must not contain |'],
    [{ ...TEXT, type: 'image' }, 'type must be text or chat'],
    [{ ...TEXT, type: 'chat' }, 'prompt must be a list of messages'],
    [{ ...TEXT, prompt: [] }, 'prompt must be a string'],
    [{ ...TEXT, type: 'chat', prompt: ['x'] }, 'prompt[0] must be a JSON object'],
    [{ ...TEXT, type: 'chat', prompt: [{ role: 'user', content: [] }] }, 'prompt[0].content must be a string'],
    [{ ...TEXT, type: 'chat', prompt: [{ type: 'placeholder' }] }, 'prompt[0].name must be a string'],
    [{ ...TEXT, labels: 'production' }, 'labels must be a list'],
    [{ ...TEXT, labels: [1] }, 'labels[0] must be a string'],
    [{ ...TEXT, labels: ['Production'] }, 'labels: a label may have only lower case'],
    [{ ...TEXT, tags: [''] }, 'tags must have 1 to 200'],
    [{ ...TEXT, commitMessage: 'x'.repeat(501) }, 'commitMessage must be'],
    [{ ...TEXT, config: JSON.parse('['.repeat(300) + ']'.repeat(300)) as unknown }, 'config must nest'],
  ])('is refused as %j', (body, message) => expect(() => parsePromptDraft(body)).toThrow(message));

  it('goes into production by isActive on the first version of the route', () => {
    expect(parseV1PromptDraft({ ...TEXT, isActive: true, labels: ['a'] }).labels).toEqual(['a', 'production']);
    expect(parseV1PromptDraft({ ...TEXT, isActive: false }).labels).toEqual([]);
    expect(() => parseV1PromptDraft({ ...TEXT, isActive: 'yes' })).toThrow('isActive must be true or false');
  });
});

describe('labels that are sent', () => {
  it.each<[unknown, string]>([
    [{}, 'newLabels is required'],
    [{ newLabels: ['latest'] }, 'newLabels must not hold latest'],
    [{ newLabels: ['A'] }, 'newLabels: a label'],
    [{ newLabels: 'a' }, 'newLabels must be a list'],
  ])('are refused as %j', (body, message) => expect(() => parseNewLabels(body)).toThrow(message));
});
