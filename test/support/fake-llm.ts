import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The dated name that the provider answers with. */
const ANSWERED_MODEL = 'gpt-4o-mini-2024-07-18';
const WEATHER = 'It is 7 degrees and raining in Oslo.';
const NOON = 'It is noon.';
/** What the tool of the programs answers. */
export const WEATHER_REPORT = '7 degrees, rain';
const FAILURE = 'The input was refused by the fake model.';
const TOOL_NAME = 'get_weather';
const TOOL_ARGUMENTS = '{"city":"Oslo"}';
const TOOL_CALL_ID = 'call_weather_1';
/** Before the first piece of a streamed answer, and between the others. */
const PIECE_DELAY_MS = 25;

type Json = Record<string, unknown>;

interface Reply {
  readonly text?: string;
  readonly callsTool?: boolean;
  /** Another tool than `get_weather`: that by which some frameworks end a run. */
  readonly finalTool?: boolean;
  readonly usage: {
    readonly input: number;
    readonly cached: number;
    readonly output: number;
    readonly reasoning: number;
  };
}

const CALL: Reply = { callsTool: true, usage: { input: 100, cached: 64, output: 20, reasoning: 0 } };
const AFTER_TOOL: Reply = { text: WEATHER, usage: { input: 140, cached: 64, output: 12, reasoning: 0 } };
const PLAIN: Reply = { text: NOON, usage: { input: 15, cached: 0, output: 8, reasoning: 5 } };

/**
 * Speaks as much of the OpenAI API (chat completions, responses, embeddings) and of the Anthropic messages API as the
 * instrumentations under test call, and always says the same: what a trace of such a call must show is known beforehand.
 */
export class FakeLlm {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeLlm> {
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeLlm(server);
  }

  /** What an OpenAI client takes as its base URL. */
  get openAiUrl(): string {
    return `${this.url}/v1`;
  }

  /** What an Anthropic client takes as its base URL. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Json;
  const path = (request.url ?? '').split('?', 1)[0]!;
  if (JSON.stringify(body['messages'] ?? body['input'] ?? '').includes('Please fail')) {
    return sendJson(response, { error: { message: FAILURE, type: 'invalid_request_error', code: 'refused' } }, 400);
  }
  if (path.endsWith('/chat/completions')) return completeChat(body, response);
  if (path.endsWith('/responses')) return respond(body, response);
  if (path.endsWith('/embeddings')) return embed(body, response);
  if (path.endsWith('/messages')) return sendJson(response, anthropicMessage());
  sendJson(response, { error: { message: `The fake has no ${path}` } }, 404);
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** What to say: a tool call while tools are offered and none has run, else text. */
function replyTo(items: readonly Json[], tools: unknown): Reply {
  // Some frameworks hand the result of a tool over as a message of the user.
  const hasRun =
    items.some(({ role, type }) => role === 'tool' || type === 'function_call_output') ||
    JSON.stringify(items).includes(WEATHER_REPORT);
  const offered = Array.isArray(tools) ? JSON.stringify(tools) : '';
  if (!hasRun && offered.includes(`"${TOOL_NAME}"`)) return CALL;
  if (hasRun && offered.includes('"final_answer"')) return { ...AFTER_TOOL, finalTool: true };
  return hasRun ? AFTER_TOOL : PLAIN;
}

const chatUsage = ({ input, cached, output, reasoning }: Reply['usage']) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
});

async function completeChat(body: Json, response: ServerResponse): Promise<void> {
  const messages = body['messages'] as Json[];
  const reply = replyTo(messages, body['tools']);
  const head = { id: 'chatcmpl-fake-1', created: 1_769_851_800, model: ANSWERED_MODEL, system_fingerprint: 'fp_fake' };
  const call = reply.finalTool
    ? { name: 'final_answer', arguments: JSON.stringify({ answer: WEATHER }) }
    : { name: TOOL_NAME, arguments: TOOL_ARGUMENTS };
  const calls =
    reply.callsTool || reply.finalTool ? [{ id: TOOL_CALL_ID, type: 'function', function: call }] : undefined;
  const finish_reason = calls === undefined ? 'stop' : 'tool_calls';
  const content = calls === undefined ? framed(reply.text!, messages) : null;
  if (body['stream'] !== true) {
    const message = { role: 'assistant', content, refusal: null, ...(calls && { tool_calls: calls }) };
    const choices = [{ index: 0, message, logprobs: null, finish_reason }];
    return sendJson(response, { ...head, object: 'chat.completion', choices, usage: chatUsage(reply.usage) });
  }
  const pieces: Json[] = calls
    ? [{ role: 'assistant', content: null, tool_calls: [{ index: 0, ...calls[0] }] }]
    : [{ role: 'assistant', content: '' }, ...content!.split(/(?<= )/).map((text) => ({ content: text }))];
  const chunk = (more: Json) => ({ ...head, object: 'chat.completion.chunk', ...more });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const delta of pieces) {
    await pause();
    response.write(event(chunk({ choices: [{ index: 0, delta, finish_reason: null }] })));
  }
  response.write(event(chunk({ choices: [{ index: 0, delta: {}, finish_reason }] })));
  const { include_usage } = (body['stream_options'] ?? {}) as { include_usage?: boolean };
  if (include_usage) response.write(event(chunk({ choices: [], usage: chatUsage(reply.usage) })));
  response.end('data: [DONE]\n\n');
}

/** Frameworks that parse the text of an answer tell the model how it must look. */
function framed(text: string, messages: readonly Json[]): string {
  const asked = JSON.stringify(messages);
  if (asked.includes('[[ ## answer ## ]]')) return `[[ ## answer ## ]]\n${text}\n\n[[ ## completed ## ]]`;
  if (asked.includes('Final Answer:')) return `Thought: I now can give a great answer\nFinal Answer: ${text}`;
  return text;
}

async function respond(body: Json, response: ServerResponse): Promise<void> {
  const items = typeof body['input'] === 'string' ? [{ role: 'user' }] : (body['input'] as Json[]);
  const { callsTool, text, usage } = replyTo(items, body['tools']);
  const output = callsTool
    ? {
        id: 'fc_fake_1',
        type: 'function_call',
        status: 'completed',
        call_id: TOOL_CALL_ID,
        name: TOOL_NAME,
        arguments: TOOL_ARGUMENTS,
      }
    : {
        id: 'msg_fake_1',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text, annotations: [] }],
      };
  const done = {
    id: 'resp_fake_1',
    object: 'response',
    created_at: 1_769_851_800,
    status: 'completed',
    model: ANSWERED_MODEL,
    error: null,
    incomplete_details: null,
    instructions: body['instructions'] ?? null,
    output: [output],
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: body['tools'] ?? [],
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: usage.input + usage.output,
    },
  };
  if (body['stream'] !== true) return sendJson(response, done);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const parts: Json[] = [
    { type: 'response.created', response: { ...done, status: 'in_progress', output: [], usage: null } },
    { type: 'response.output_item.added', output_index: 0, item: { ...output, status: 'in_progress', content: [] } },
    { type: 'response.output_text.delta', item_id: output.id, output_index: 0, content_index: 0, delta: text },
    { type: 'response.output_item.done', output_index: 0, item: output },
    { type: 'response.completed', response: done },
  ];
  let sequence_number = 0;
  for (const part of parts) {
    await pause();
    response.write(`event: ${String(part['type'])}\n${event({ ...part, sequence_number: sequence_number++ })}`);
  }
  response.end();
}

function embed(body: Json, response: ServerResponse): void {
  const texts = Array.isArray(body['input']) ? body['input'] : [body['input']];
  const vector = [0.25, -0.5, 0.125];
  const embedding =
    body['encoding_format'] === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
  sendJson(response, {
    object: 'list',
    data: texts.map((_, index) => ({ object: 'embedding', index, embedding })),
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 6, total_tokens: 6 },
  });
}

/** Anthropic counts cached tokens beside `input_tokens`, not among them. */
function anthropicMessage(): Json {
  return {
    id: 'msg_fake_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5-20250929',
    content: [{ type: 'text', text: NOON }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 15, cache_read_input_tokens: 200, cache_creation_input_tokens: 30, output_tokens: 8 },
  };
}

const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
const pause = () => new Promise((resolve) => setTimeout(resolve, PIECE_DELAY_MS));
