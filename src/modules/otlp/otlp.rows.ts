import { type AttributeValue } from './otlp.span.js';
import { toText, unquote } from './otlp.values.js';

/** What a row of the mapping table is made of. */

/** Where a key is defined. */
export type Doc =
  /** The reference implementation of xtrace, src/ingest/otlp.rs, and its session model. */
  | 'xtrace'
  /** Langfuse: packages/core/src/constants.ts of langfuse-js and shared/src/server/otel/attributes.ts of the server. */
  | 'langfuse'
  /** The same files: keys that are accepted for the sake of older SDKs. */
  | 'langfuseCompat'
  /** OpenTelemetry semantic conventions 1.41.1, docs/gen-ai, and the deprecated keys of its registry. */
  | 'genAi'
  /** OpenTelemetry semantic conventions 1.41.1, docs/gen-ai/mcp.md. */
  | 'mcp'
  /** OpenTelemetry semantic conventions 1.41.1, docs/general and docs/resource. */
  | 'otel'
  /** Arize-ai/openinference, spec/semantic_conventions.md. */
  | 'openInference'
  /** traceloop/openllmetry 0.62.1, opentelemetry-semantic-conventions-ai. */
  | 'traceloop'
  /** vercel/ai, packages/ai/src/telemetry, versions 4 to 7; `aisdk.*` are those of its bridges. */
  | 'aiSdk'
  /** pydantic/pydantic-ai, models/instrumented.py, and pydantic/logfire. */
  | 'pydantic'
  /** langchain-ai/langsmith-sdk, python/langsmith/_internal/otel/_otel_exporter.py. */
  | 'langSmith'
  /** BerriAI/litellm, integrations/opentelemetry.py and arize/_utils.py. */
  | 'liteLlm'
  /** mlflow/mlflow, tracing/constant.py. */
  | 'mlflow'
  /** openlit/openlit, sdk/python/src/openlit/semcov. */
  | 'openLit'
  /** google/adk-python, telemetry/tracing.py. */
  | 'adk'
  /** strands-agents/sdk-python, telemetry/tracer.py; also Bedrock AgentCore. */
  | 'strands'
  /** langchain-ai/langgraph: metadata of its runs. */
  | 'langGraph'
  /** deepset-ai/haystack, haystack/tracing. */
  | 'haystack'
  /** vllm-project/vllm, tracing.py. */
  | 'vllm'
  /** firebase/genkit, js/core/src/tracing. */
  | 'genkit'
  /** livekit/agents, telemetry/trace_types.py. */
  | 'liveKit'
  /** lmnr-ai/lmnr, app-server/src/traces/span_attributes.rs. */
  | 'laminar'
  /** crewAIInc/crewAI, telemetry/telemetry.py. */
  | 'crewAi'
  /** anthropics/anthropic-sdk-python 2.12, src/anthropic/_tracing.py: spans of the SDK itself. */
  | 'anthropic'
  /** withastro/flue, its spans of tools and tasks. */
  | 'flue';

/**
 * What a value means, in the words of the domain; undefined when it says nothing, so that the next row is asked. Null
 * never comes.
 * @param beside the value of the row's other key, where it has one
 */
export type ReadValue = (value: AttributeValue, beside?: AttributeValue) => AttributeValue | undefined;

export interface Row {
  readonly key: string;
  /** A member of the object that the attribute holds, as a key-value list or as JSON text. */
  readonly member?: string;
  /** Where the key is defined. */
  readonly doc: Doc;
  /** Whether it is looked for on the span, on its resource, or on both, the span first. */
  readonly on: 'span' | 'resource' | 'both';
  /** Another key of the same place: a row that has one says something only where both are there. */
  readonly beside?: string;
  /** Not taken from spans of scopes that watch a page in a browser. */
  readonly isNotOfBrowsers?: true;
  readonly read?: ReadValue;
}

export interface FieldRule {
  readonly rows: readonly Row[];
  /**
   * The value is stored in full in a field of its own and may be large, so that it is not repeated among the raw
   * attributes.
   */
  readonly isContent?: true;
}

export const span = (key: string, doc: Doc, read?: ReadValue): Row => row('span', key, doc, read);
export const resource = (key: string, doc: Doc, read?: ReadValue): Row => row('resource', key, doc, read);
export const both = (key: string, doc: Doc, read?: ReadValue): Row => row('both', key, doc, read);

/** A member of an object in an attribute of a span. */
export const member = (key: string, name: string, doc: Doc, read?: ReadValue): Row => ({
  ...row('span', key, doc, read),
  member: name,
});

function row(on: Row['on'], key: string, doc: Doc, read: ReadValue | undefined): Row {
  return read === undefined ? { key, doc, on } : { key, doc, on, read };
}

/** The row without the spans of scopes that watch a page in a browser, where its key names the visit of the page. */
export function notOfBrowsers(sent: Row): Row {
  return { ...sent, isNotOfBrowsers: true };
}

/** How a row is named to people: its key, the member of the object behind an arrow, and the other key behind a plus. */
export function rowName({ key, member: name, beside }: Row): string {
  const own = name === undefined ? key : `${key} → ${name}`;
  return beside === undefined ? own : `${own} + ${beside}`;
}

/** Where clients put metadata of their own, most explicit first: a prefix of keys, or one key with an object. */
const BAGS: readonly {
  readonly doc: Doc;
  readonly prefix?: string;
  readonly object?: string;
  readonly isQuoted?: true;
}[] = [
  { prefix: 'langfuse.observation.metadata.', doc: 'langfuse', isQuoted: true },
  { prefix: 'langfuse.trace.metadata.', doc: 'langfuse', isQuoted: true },
  { object: 'langfuse.observation.metadata', doc: 'langfuse' },
  { object: 'langfuse.trace.metadata', doc: 'langfuse' },
  { object: 'metadata', doc: 'openInference' },
  { prefix: 'traceloop.association.properties.', doc: 'traceloop' },
  { prefix: 'ai.telemetry.metadata.', doc: 'aiSdk' },
  { prefix: 'ai.settings.context.', doc: 'aiSdk' },
  { prefix: 'langsmith.metadata.', doc: 'langSmith' },
  { prefix: 'lmnr.association.properties.', doc: 'laminar' },
  { prefix: 'lmnr.association.properties.metadata.', doc: 'laminar' },
  { prefix: 'metadata.', doc: 'liteLlm' },
  { prefix: 'baggage.', doc: 'otel' },
];

/**
 * The places where clients put an identifier that has no key of its own in a convention, most explicit first (xtrace's
 * keys, then the bags of metadata of the conventions). Headers of the request are none: a collector puts the spans of
 * many sessions into one request.
 * @param names in snake_case, as xtrace spells them; each is also looked for in camelCase
 */
export function everywhere(names: readonly string[], read?: ReadValue): Row[] {
  const spellings = names.flatMap((name) => [name, camelCase(name)]).filter((name, i, all) => all.indexOf(name) === i);
  const readText: ReadValue = (value) => (read === undefined ? unquote(value) : read(unquote(value)));
  const rowsOf = (make: (name: string) => Row): Row[] => spellings.map(make);
  return [
    ...rowsOf((name) => span(`xtrace.${name}`, 'xtrace', read)),
    ...rowsOf((name) => span(name, 'xtrace', read)),
    ...BAGS.flatMap(({ prefix, object, doc, isQuoted }) =>
      rowsOf((name) =>
        object === undefined
          ? span(`${prefix}${name}`, doc, isQuoted ? readText : read)
          : member(object, name, doc, read),
      ),
    ),
    ...rowsOf((name) => resource(name, 'xtrace', read)),
  ];
}

/** The same bags for an identifier that two keys make up together, `<first>:<second>`, or the first alone. */
export function pairedEverywhere(first: string, second: string, doc: Doc): Row[] {
  const readPair: ReadValue = (value, beside) =>
    beside === undefined ? unquote(value) : `${toText(unquote(value))}:${toText(unquote(beside))}`;
  const bags = [{ prefix: '', object: undefined }, ...BAGS];
  const single = bags.map(({ prefix, object }) =>
    object === undefined ? span(`${prefix}${first}`, doc, readPair) : member(object, first, doc, readPair),
  );
  const paired = bags.map(({ prefix }, i) => ({ ...single[i]!, beside: `${prefix ?? ''}${second}` }));
  return [...paired, ...single];
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
