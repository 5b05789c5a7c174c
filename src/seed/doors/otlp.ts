import { type ModelCallRecord, type ObservationRecord, type TraceRecord } from '../record.js';

/**
 * The body of an OTLP/JSON export that writes `traces` of one application: attributes of the GenAI conventions
 * (OpenTelemetry semantic conventions, docs/gen-ai), and Langfuse's where those have none.
 */
export function toOtlpBody(app: string, traces: readonly TraceRecord[]): string {
  return JSON.stringify({
    resourceSpans: traces.map((trace) => ({
      resource: {
        attributes: attributes({
          'service.name': app,
          'service.version': trace.version,
          'deployment.environment.name': trace.environment,
          'langfuse.release': trace.release,
          'telemetry.sdk.language': 'python',
        }),
      },
      scopeSpans: [
        {
          scope: { name: `${app}.tracing`, version: '1.4.0' },
          spans: trace.observations.map((step) => toSpan(trace, step)),
        },
      ],
    })),
  });
}

const STATUS_ERROR = 2;
const KIND_INTERNAL = 1;
const KIND_CLIENT = 3;

function toSpan(trace: TraceRecord, seen: ObservationRecord): object {
  const { call } = seen;
  const isRoot = seen.parentId === undefined;
  return {
    traceId: trace.id,
    spanId: seen.id,
    ...(isRoot ? {} : { parentSpanId: seen.parentId }),
    name: seen.name,
    kind: call === undefined ? KIND_INTERNAL : KIND_CLIENT,
    startTimeUnixNano: nanos(seen.startMs),
    endTimeUnixNano: nanos(seen.endMs),
    attributes: attributes({
      'session.id': trace.sessionId,
      'user.id': trace.userId,
      ...(isRoot ? rootAttributes(trace) : {}),
      ...typeAttributes(seen),
      ...(call === undefined ? contentAttributes(seen) : callAttributes(seen, call)),
      ...(seen.level === 'WARNING' ? { 'langfuse.observation.level': 'WARNING' } : {}),
      ...(seen.level === 'WARNING' ? { 'langfuse.observation.status_message': seen.statusMessage } : {}),
      ...prefixed('langfuse.observation.metadata.', seen.metadata),
    }),
    status: seen.level === 'ERROR' ? { code: STATUS_ERROR, message: seen.statusMessage } : {},
  };
}

function rootAttributes(trace: TraceRecord): Record<string, unknown> {
  return {
    'langfuse.trace.name': trace.name,
    'langfuse.trace.tags': trace.tags,
    'langfuse.trace.input': toText(trace.input),
    'langfuse.trace.output': toText(trace.output),
    ...prefixed('langfuse.trace.metadata.', trace.metadata),
  };
}

/** Operations of the GenAI conventions where there is one, else Langfuse's types. */
function typeAttributes({ type, name, call }: ObservationRecord): Record<string, unknown> {
  if (call !== undefined) return { 'gen_ai.operation.name': type === 'EMBEDDING' ? 'embeddings' : 'chat' };
  if (type === 'AGENT') return { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name.split(' ').at(-1) };
  if (type === 'TOOL') return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name };
  return { 'langfuse.observation.type': type.toLowerCase() };
}

function contentAttributes({ input, output }: ObservationRecord): Record<string, unknown> {
  return { 'langfuse.observation.input': toText(input), 'langfuse.observation.output': toText(output) };
}

function callAttributes({ type, input, output }: ObservationRecord, call: ModelCallRecord): Record<string, unknown> {
  const { usage, cost, prompt, firstTokenMs } = call;
  const io = type === 'EMBEDDING' ? contentAttributes({ input, output } as ObservationRecord) : undefined;
  return {
    'gen_ai.provider.name': call.provider,
    'gen_ai.request.model': call.model,
    ...prefixed('gen_ai.request.', call.parameters),
    ...(io ?? { 'gen_ai.input.messages': toText(input), 'gen_ai.output.messages': toText([output]) }),
    // The conventions count cached and reasoning tokens within the two sums.
    'gen_ai.usage.input_tokens': usage.input + usage.cached,
    'gen_ai.usage.output_tokens': usage.output + usage.reasoning,
    ...(usage.cached === 0 ? {} : { 'gen_ai.usage.cache_read.input_tokens': usage.cached }),
    ...(usage.reasoning === 0 ? {} : { 'gen_ai.usage.reasoning.output_tokens': usage.reasoning }),
    'langfuse.observation.cost_details': JSON.stringify(cost),
    'langfuse.observation.prompt.name': prompt?.name,
    'langfuse.observation.prompt.version': prompt?.version,
    'langfuse.observation.completion_start_time':
      firstTokenMs === undefined ? undefined : new Date(firstTokenMs).toISOString(),
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]));
}

function toText(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}

/** Attributes of an OTLP/JSON message; those without a value are left out. */
function attributes(values: Readonly<Record<string, unknown>>): object[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { stringValue: JSON.stringify(value) };
}

/** 64-bit integers are text in OTLP/JSON. */
function nanos(timeMs: number): string {
  return `${timeMs}000000`;
}
