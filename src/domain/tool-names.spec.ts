import { calledToolNames, offeredToolNames, splitToolNames } from './tool-names.js';

const offered = (input: unknown) => splitToolNames(offeredToolNames(JSON.stringify(input)) ?? null);
const called = (output: unknown) => splitToolNames(calledToolNames(JSON.stringify(output)) ?? null);
const openAi = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
const MESSAGES = [{ role: 'user', content: 'Which tools do you have, and what is their function?' }];

describe('tools that a model is offered', () => {
  it.each<[string, unknown]>([
    ['a request of OpenAI', { messages: MESSAGES, tools: [openAi('search'), openAi('book')] }],
    [
      'messages with tools beside them',
      { messages: MESSAGES, tools: [{ type: 'function', name: 'search' }, { name: 'book' }] },
    ],
    ['a request of OpenAI of 2023', { messages: MESSAGES, functions: [{ name: 'search' }, { name: 'book' }] }],
    ['Gemini', { contents: [], tools: [{ functionDeclarations: [{ name: 'search' }, { name: 'book' }] }] }],
    [
      'Gemini in Python',
      { contents: [], config: { tools: [{ function_declarations: [{ name: 'search' }, { name: 'book' }] }] } },
    ],
    ['Bedrock', { toolConfig: { tools: [{ toolSpec: { name: 'search' } }, { toolSpec: { name: 'book' } }] } }],
    ['definitions that are JSON texts', { tools: [JSON.stringify(openAi('search')), JSON.stringify(openAi('book'))] }],
    ['a list that is a JSON text', { tools: JSON.stringify([openAi('search'), openAi('book')]) }],
    ['arguments of a decorated function', { args: [], kwargs: { tools: [openAi('search'), openAi('book')] } }],
    [
      'callbacks of LangChain',
      [...MESSAGES, { role: 'tool', content: openAi('search') }, { role: 'tool', content: openAi('book') }],
    ],
    [
      'an input that is a text of JSON',
      JSON.stringify({ messages: MESSAGES, tools: [openAi('search'), openAi('book')] }),
    ],
    ['the same tool twice', { tools: [openAi('search'), openAi('book'), openAi('search')] }],
  ])('are named by %s', (_, input) => {
    expect(offered(input)).toEqual(['search', 'book']);
  });

  it.each<[string, unknown]>([
    ['messages that speak of tools', { messages: MESSAGES }],
    [
      'results of tools',
      [
        { role: 'tool', content: { name: 'search', function: 'x' } },
        { role: 'tool', content: '{}' },
      ],
    ],
    ['a text', 'tools and functions'],
    ['a text that begins like JSON', '{"tools": ['],
    ['a parameter of that name', { tools: { name: 'search' } }],
    [
      'names that are none',
      { tools: [{ name: '' }, { name: 7 }, { name: 'a\nb' }, { name: 'x'.repeat(201) }, null, 'x', []] },
    ],
  ])('are none in %s', (_, input) => {
    expect(offeredToolNames(JSON.stringify(input))).toBeUndefined();
  });
});

describe('calls of tools', () => {
  const call = (name: string) => ({ id: name, type: 'function', function: { name, arguments: '{}' } });
  it.each<[string, unknown]>([
    ['a message of OpenAI', { role: 'assistant', content: null, tool_calls: [call('search'), call('search')] }],
    [
      'messages as they are stored',
      [{ role: 'assistant', tool_calls: [{ id: '1', name: 'search', arguments: '{}' }, { name: 'search' }] }],
    ],
    ['a completion of OpenAI', { choices: [{ message: { tool_calls: [call('search'), call('search')] } }] }],
    [
      'a response of OpenAI',
      {
        output: [
          { type: 'reasoning' },
          { type: 'function_call', name: 'search', call_id: 'c' },
          { type: 'mcp_call', name: 'search' },
        ],
      },
    ],
    [
      'OpenAI of 2023, two choices',
      {
        choices: [
          { message: { function_call: { name: 'search' } } },
          { message: { function_call: { name: 'search' } } },
        ],
      },
    ],
    [
      'Anthropic',
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'tool' },
          { type: 'tool_use', name: 'search' },
          { type: 'tool_use', name: 'search' },
        ],
      },
    ],
    [
      'Gemini',
      {
        candidates: [
          { content: { parts: [{ functionCall: { name: 'search' } }, { function_call: { name: 'search' } }] } },
        ],
      },
    ],
    [
      'Bedrock',
      { output: { message: { content: [{ toolUse: { name: 'search' } }, { toolUse: { name: 'search' } }] } } },
    ],
    [
      'the AI SDK',
      {
        text: '',
        toolCalls: [
          { toolName: 'search', input: {} },
          { toolName: 'search', input: {} },
        ],
      },
    ],
    ['the AI SDK, a list as text', { toolCalls: JSON.stringify([{ toolName: 'search' }, { toolName: 'search' }]) }],
    [
      'parts of the GenAI conventions',
      [
        {
          role: 'assistant',
          parts: [
            { type: 'tool_call', name: 'search' },
            { type: 'tool-call', toolName: 'search' },
          ],
        },
      ],
    ],
    [
      'LangChain',
      {
        content: [{ type: 'tool_use', name: 'search' }],
        tool_calls: [{ name: 'search' }, { name: 'search' }],
        additional_kwargs: { tool_calls: [call('search')] },
      },
    ],
    [
      'older LangChain',
      { role: 'assistant', content: '', additional_kwargs: { tool_calls: [call('search'), call('search')] } },
    ],
    ['an output that is a text of JSON', JSON.stringify({ tool_calls: [call('search'), call('search')] })],
  ])('are counted in %s', (_, output) => {
    expect(called(output)).toEqual(['search', 'search']);
  });

  it.each<[string, unknown]>([
    ['an answer about tools', { role: 'assistant', content: 'A tool is a function.' }],
    ['the result of a tool', { role: 'tool', tool_call_id: 'c', content: 'ok' }],
    ['parts of texts', [{ type: 'text', text: 'tool', name: 'search' }]],
    ['an empty list', { role: 'assistant', content: 'no function', tool_calls: [] }],
  ])('are none in %s', (_, output) => {
    expect(calledToolNames(JSON.stringify(output))).toBeUndefined();
  });

  it('end where an answer nests too deeply', () => {
    let output: unknown = { type: 'tool_use', name: 'search' };
    for (let n = 0; n < 100; n += 1) output = [output];
    expect(calledToolNames(JSON.stringify(output))).toBeUndefined();
  });

  it('are left out where PostgreSQL could not hold them, which JSON within a text can hide', () => {
    const hidden = ['a\0b', 'a\ud800', 'search'].map((name) => call(name));
    expect(called(JSON.stringify({ tool_calls: hidden }))).toEqual(['search']);
  });

  it('are kept up to 256', () => {
    const calls = Array.from({ length: 300 }, () => call('search'));
    expect(called({ tool_calls: calls })).toHaveLength(256);
  });
});
