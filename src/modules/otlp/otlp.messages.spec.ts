import { readConversation, writeConversation } from './otlp.conversation.js';
import { parseSafely } from './otlp.message-text.js';

/** The stored form of a value that has messages; undefined where it has none. */
function normalised(value: unknown): unknown {
  const conversation = readConversation(parseSafely(JSON.stringify(value)));
  return conversation && (JSON.parse(writeConversation(conversation)) as unknown);
}

const CALL = { id: 'c1', name: 'clock', arguments: { tz: 'UTC' } };
const RESULT = { role: 'tool', content: '12:00', tool_call_id: 'c1' };

describe('messages of', () => {
  it.each<[string, unknown, unknown]>([
    [
      'the standard (gen_ai.input.messages)',
      [
        { role: 'user', parts: [{ type: 'text', content: 'time?' }] },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', content: 'look' },
            { type: 'tool_call', ...CALL },
          ],
          finish_reason: 'tool_call',
        },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '12:00' }] },
        { role: 'user', parts: [{ type: 'uri', modality: 'image', mime_type: 'image/png', uri: 'https://x/a.png' }] },
        { role: 'user', parts: [{ type: 'file', modality: 'video', file_id: 'f1' }] },
        { role: 'user', parts: [{ type: 'server_tool_call', name: 's', server_tool_call: { q: 1 } }] },
      ],
      [
        { role: 'user', content: 'time?' },
        {
          role: 'assistant',
          content: [{ type: 'reasoning', text: 'look' }],
          tool_calls: [CALL],
          finish_reason: 'tool_call',
        },
        RESULT,
        { role: 'user', content: [{ type: 'image', mime_type: 'image/png', url: 'https://x/a.png' }] },
        { role: 'user', content: [{ type: 'video', file_id: 'f1' }] },
        { role: 'user', content: [{ type: 'server_tool_call', name: 's', server_tool_call: { q: 1 } }] },
      ],
    ],
    [
      'OpenAI chat completions',
      {
        model: 'gpt',
        messages: [
          { role: 'developer', content: 'short' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'what?' },
              { type: 'image_url', image_url: { url: 'https://x/a.png', detail: 'low' } },
              { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } },
            ],
          },
          {
            role: 'assistant',
            content: null,
            refusal: null,
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'clock', arguments: '{"tz":"UTC"}' } }],
          },
          { role: 'tool', tool_call_id: 'c1', content: '12:00' },
        ],
        tools: [{ type: 'function', function: { name: 'clock', parameters: { type: 'object' } } }],
      },
      {
        messages: [
          { role: 'developer', content: 'short' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'what?' },
              { type: 'image', url: 'https://x/a.png', detail: 'low' },
              { type: 'audio', data: 'UklG', format: 'wav' },
            ],
          },
          { role: 'assistant', tool_calls: [CALL] },
          RESULT,
        ],
        tools: [{ type: 'function', name: 'clock', parameters: { type: 'object' } }],
        model: 'gpt',
      },
    ],
    [
      'an OpenAI answer',
      { id: 'r', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }] },
      { messages: [{ role: 'assistant', content: 'hi', finish_reason: 'stop' }], id: 'r' },
    ],
    [
      'OpenAI responses',
      {
        instructions: 'be brief',
        input: [
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'time?' }] },
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'look' }] },
          { type: 'function_call', id: 'fc', call_id: 'c1', name: 'clock', arguments: '{"tz":"UTC"}' },
          { type: 'function_call_output', call_id: 'c1', output: '12:00' },
        ],
      },
      [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'time?' },
        { role: 'assistant', content: [{ type: 'reasoning', text: 'look' }] },
        { role: 'assistant', tool_calls: [CALL] },
        RESULT,
      ],
    ],
    [
      'Anthropic',
      {
        system: [{ type: 'text', text: 'be brief' }],
        messages: [
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'look', signature: 'sig' },
              { type: 'tool_use', id: 'c1', name: 'clock', input: { tz: 'UTC' } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: '12:00' }], is_error: false },
              { type: 'text', text: 'and?' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
            ],
          },
        ],
      },
      [
        { role: 'system', content: 'be brief' },
        {
          role: 'assistant',
          content: [{ type: 'reasoning', text: 'look', signature: 'sig' }],
          tool_calls: [CALL],
        },
        { ...RESULT, is_error: false },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'and?' },
            { type: 'image', mime_type: 'image/png', data: 'iVBO' },
          ],
        },
      ],
    ],
    [
      'Gemini and Google ADK',
      {
        model: 'gemini',
        config: { system_instruction: 'be brief', tools: [{ function_declarations: [{ name: 'clock' }] }] },
        contents: [
          { role: 'user', parts: [{ text: 'time?' }, { inline_data: { mime_type: 'image/png', data: 'iVBO' } }] },
          { role: 'model', parts: [{ function_call: { id: 'c1', name: 'clock', args: { tz: 'UTC' } } }] },
          { role: 'user', parts: [{ function_response: { id: 'c1', name: 'clock', response: { result: '12:00' } } }] },
        ],
      },
      {
        messages: [
          { role: 'system', content: 'be brief' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'time?' },
              { type: 'image', mime_type: 'image/png', data: 'iVBO' },
            ],
          },
          { role: 'assistant', tool_calls: [CALL] },
          { role: 'tool', content: '{"result":"12:00"}', name: 'clock', tool_call_id: 'c1' },
        ],
        tools: [{ type: 'function', name: 'clock' }],
        model: 'gemini',
      },
    ],
    [
      'a Gemini answer',
      {
        candidates: [
          { content: { role: 'model', parts: [{ text: 'hm', thought: true }, { text: 'hi' }] }, finishReason: 'STOP' },
        ],
      },
      [
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm' },
            { type: 'text', text: 'hi' },
          ],
          finish_reason: 'STOP',
        },
      ],
    ],
    [
      'LangChain, serialised and nested',
      {
        messages: [
          [
            {
              lc: 1,
              type: 'constructor',
              id: ['langchain', 'schema', 'messages', 'HumanMessage'],
              kwargs: { content: 'time?', type: 'human', additional_kwargs: {} },
            },
            {
              lc: 1,
              type: 'constructor',
              id: ['langchain', 'schema', 'messages', 'AIMessage'],
              kwargs: {
                content: '',
                type: 'ai',
                tool_calls: [{ name: 'clock', args: { tz: 'UTC' }, id: 'c1', type: 'tool_call' }],
                additional_kwargs: { tool_calls: [{ id: 'c1' }] },
                invalid_tool_calls: [],
              },
            },
            {
              lc: 1,
              type: 'constructor',
              id: ['langchain', 'schema', 'messages', 'ToolMessage'],
              kwargs: { content: '12:00', type: 'tool', tool_call_id: 'c1' },
            },
          ],
        ],
      },
      [{ role: 'user', content: 'time?' }, { role: 'assistant', tool_calls: [CALL] }, RESULT],
    ],
    [
      'a LangChain answer',
      {
        generations: [
          [
            {
              text: 'hi',
              generation_info: { finish_reason: 'stop' },
              message: { type: 'ai', data: { content: 'hi' } },
            },
          ],
        ],
      },
      [{ role: 'assistant', content: 'hi', finish_reason: 'stop', generation_info: { finish_reason: 'stop' } }],
    ],
    [
      'Bedrock and Strands',
      [
        { role: 'user', content: [{ text: 'time?' }] },
        { role: 'assistant', content: [{ toolUse: { toolUseId: 'c1', name: 'clock', input: { tz: 'UTC' } } }] },
        {
          role: 'user',
          content: [{ toolResult: { toolUseId: 'c1', status: 'success', content: [{ text: '12:00' }] } }],
        },
      ],
      [
        { role: 'user', content: 'time?' },
        { role: 'assistant', tool_calls: [CALL] },
        { ...RESULT, status: 'success' },
      ],
    ],
    [
      'the Vercel AI SDK',
      [
        { role: 'user', content: [{ type: 'text', text: 'time?' }] },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'clock', input: { tz: 'UTC' } }],
        },
        {
          role: 'tool',
          content: [
            { type: 'tool-result', toolCallId: 'c1', toolName: 'clock', output: { type: 'text', value: '12:00' } },
          ],
        },
      ],
      [
        { role: 'user', content: 'time?' },
        { role: 'assistant', tool_calls: [CALL] },
        { role: 'tool', content: '12:00', name: 'clock', tool_call_id: 'c1' },
      ],
    ],
    [
      'Haystack',
      {
        replies: [
          {
            role: 'assistant',
            meta: { model: 'm' },
            name: null,
            content: [{ tool_call: { tool_name: 'clock', arguments: { tz: 'UTC' }, id: 'c1' } }],
          },
        ],
      },
      [{ role: 'assistant', tool_calls: [CALL], meta: { model: 'm' } }],
    ],
    [
      'Genkit',
      { message: { role: 'model', content: [{ text: 'hi' }] }, finishReason: 'stop' },
      { messages: [{ role: 'assistant', content: 'hi' }], finishReason: 'stop' },
    ],
    [
      'LiveKit',
      { items: [{ id: 'i', type: 'message', role: 'user', content: ['hello'] }] },
      [{ role: 'user', content: 'hello', id: 'i' }],
    ],
    [
      'content given as JSON text of parts',
      [{ role: 'user', content: '[{"type":"text","text":"hi"}]' }],
      [{ role: 'user', content: 'hi' }],
    ],
  ])('%s', (_, value, expected) => {
    expect(normalised(value)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['no message at all', [{ a: 1 }]],
    ['a mixed list', [{ role: 'user', content: 'x' }, 7]],
    ['several batches', { messages: [[{ role: 'user', content: 'a' }], [{ role: 'user', content: 'b' }]] }],
    ['an empty list', []],
    ['plain arguments', { query: 'x', message: 'hello' }],
  ])('nothing: %s', (_, value) => {
    expect(normalised(value)).toBeUndefined();
  });
});

it('a value in normal form is known to need no change', () => {
  const form = [
    { role: 'system', content: 'a' },
    { role: 'user', content: 'b', name: 'x' },
  ];
  expect(readConversation(form)?.isUnchanged).toBe(true);
  expect(readConversation([...form, { role: 'assistant', content: null }])?.isUnchanged).toBe(false);
  expect(readConversation([{ role: 'human', content: 'b' }])?.isUnchanged).toBe(false);
});

it('integers that a double cannot hold become text, in messages and in arguments of calls', () => {
  const text =
    '[{"role":"assistant","tool_calls":[{"id":"c","name":"f","arguments":"{\\"id\\":9007199254740993,\\"s\\":\\"12345678901234567890\\"}"}],"n":-9007199254740993}]';
  expect(JSON.parse(writeConversation(readConversation(parseSafely(text))!))).toEqual([
    {
      role: 'assistant',
      tool_calls: [{ id: 'c', name: 'f', arguments: { id: '9007199254740993', s: '12345678901234567890' } }],
      n: '-9007199254740993',
    },
  ]);
});

it('keys such as __proto__ are data', () => {
  const text = '[{"role":"user","content":"x","__proto__":{"a":1},"constructor":"c"}]';
  expect(writeConversation(readConversation(JSON.parse(text))!)).toBe(text);
});
