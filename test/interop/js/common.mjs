import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/**
 * What the programs here share. They run in a Node of their own, as an application does: OPENAI_BASE_URL is the fake model,
 * OTLP_URL the server, OTLP_TOKEN its bearer token, SESSION the session to state. Each prints its trace id.
 */
export const MODEL = 'gpt-4o-mini';
export const SYSTEM = 'Answer in one sentence.';
export const QUESTION = 'What is the weather in Oslo?';
export const TIME_QUESTION = 'What time is it?';
export const WEATHER_REPORT = '7 degrees, rain';
export const SESSION = process.env.SESSION;
export const USER = 'ada';
export const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

export function makeProvider() {
  const exporter = new OTLPTraceExporter({
    url: `${process.env.OTLP_URL}/v1/traces`,
    headers: { authorization: `Bearer ${process.env.OTLP_TOKEN}` },
  });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'weather-bot' }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register();
  return provider;
}

/** Runs within a span named `turn` that states session and user, and prints the id of its trace. */
export function inTurn(work) {
  const attributes = { 'session.id': SESSION, 'user.id': USER };
  return trace.getTracer('weather-bot').startActiveSpan('turn', { attributes }, async (span) => {
    console.log(span.spanContext().traceId);
    try {
      await work();
    } finally {
      span.end();
    }
  });
}

/** A turn with a tool, a streamed answer, and a failure, through the OpenAI client. */
export async function converse(client) {
  const messages = [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: QUESTION },
  ];
  const first = await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS, temperature: 0.5 });
  const [call] = first.choices[0].message.tool_calls;
  messages.push({ role: 'assistant', content: null, tool_calls: [call] });
  messages.push({ role: 'tool', tool_call_id: call.id, content: WEATHER_REPORT });
  await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
  const stream = await client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: TIME_QUESTION }],
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const _ of stream);
  const failing = [{ role: 'user', content: 'Please fail.' }];
  await client.chat.completions.create({ model: MODEL, messages: failing }).catch(() => undefined);
}
