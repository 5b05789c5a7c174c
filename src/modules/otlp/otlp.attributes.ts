import { DESCRIPTION_RULES } from './otlp.description.js';
import { IDENTITY_RULES } from './otlp.identity.js';
import { both, type Doc, type FieldRule, span } from './otlp.rows.js';

/**
 * Which attribute means what: for every field the keys that may state it, in order of precedence. The first one with a
 * value wins. To understand another convention, add rows here; the reading code does not change.
 */

export const FIELD_RULES = {
  ...DESCRIPTION_RULES,
  ...IDENTITY_RULES,

  usageDetails: { rows: [span('langfuse.observation.usage_details', 'langfuse')] },
  costDetails: { rows: [span('langfuse.observation.cost_details', 'langfuse')] },
  totalCost: { rows: [span('gen_ai.usage.cost', 'langfuseCompat')] },
  input: {
    isContent: true,
    rows: [
      span('langfuse.observation.input', 'langfuse'),
      span('gen_ai.input.messages', 'genAi'),
      span('input.value', 'openInference'),
      span('gen_ai.prompt', 'genAi'),
    ],
  },
  output: {
    isContent: true,
    rows: [
      span('langfuse.observation.output', 'langfuse'),
      span('gen_ai.output.messages', 'genAi'),
      span('output.value', 'openInference'),
      span('gen_ai.completion', 'genAi'),
    ],
  },
  observationMetadata: { isContent: true, rows: [both('langfuse.observation.metadata', 'langfuse')] },
  traceInput: { isContent: true, rows: [span('langfuse.trace.input', 'langfuse')] },
  traceOutput: { isContent: true, rows: [span('langfuse.trace.output', 'langfuse')] },
  traceMetadata: { isContent: true, rows: [both('langfuse.trace.metadata', 'langfuse')] },
  sharedMetadata: { isContent: true, rows: [both('langfuse.metadata', 'langfuseCompat')] },
  /** OpenInference, pydantic-ai: an object of the client's own. */
  looseMetadata: { isContent: true, rows: [span('metadata', 'openInference')] },
} as const satisfies Record<string, FieldRule>;

export type Field = keyof typeof FIELD_RULES;

/** Keys that share a prefix and mean something by what follows it. */
export const FAMILIES = {
  observationMetadata: { prefix: 'langfuse.observation.metadata.', doc: 'langfuse' },
  traceMetadata: { prefix: 'langfuse.trace.metadata.', doc: 'langfuse' },
  /** Metadata of the observation and of its trace. */
  sharedMetadata: { prefix: 'langfuse.metadata.', doc: 'langfuseCompat' },
  usage: { prefix: 'gen_ai.usage.', doc: 'genAi' },
  modelParameters: { prefix: 'gen_ai.request.', doc: 'genAi' },
  aiSettings: { prefix: 'ai.settings.', doc: 'aiSdk' },
  // Metadata of the observation, in the bags of the conventions.
  traceloopProperties: { prefix: 'traceloop.association.properties.', doc: 'traceloop' },
  aiMetadata: { prefix: 'ai.telemetry.metadata.', doc: 'aiSdk' },
  langSmithMetadata: { prefix: 'langsmith.metadata.', doc: 'langSmith' },
  laminarMetadata: { prefix: 'lmnr.association.properties.metadata.', doc: 'laminar' },
  liteLlmMetadata: { prefix: 'metadata.', doc: 'liteLlm' },
} as const satisfies Record<string, { prefix: string; doc: Doc }>;

export type Family = keyof typeof FAMILIES;

/**
 * Usage classes by what follows `gen_ai.usage.`, in order of precedence: the standard's keys, then those of
 * OpenLLMetry, pydantic-ai and LiteLLM. The class names are Langfuse's, which price tables use.
 */
export const USAGE_CLASSES: readonly { readonly name: UsageClass; readonly keys: readonly string[] }[] = [
  { name: 'input', keys: ['input_tokens', 'prompt_tokens', 'prompt'] },
  { name: 'output', keys: ['output_tokens', 'completion_tokens', 'completion'] },
  { name: 'total', keys: ['total_tokens', 'total'] },
  {
    name: 'input_cached_tokens',
    keys: [
      'cache_read.input_tokens',
      'cache_read_input_tokens',
      'cache_read_tokens',
      'details.cache_read_tokens',
      'details.cache_read_input_tokens',
      'prompt_tokens_details.cached_tokens',
      'prompt_details.cache_read',
      'input_cached_tokens',
    ],
  },
  {
    name: 'input_cache_creation',
    keys: [
      'cache_creation.input_tokens',
      'cache_write.input_tokens',
      'cache_creation_input_tokens',
      'cache_write_input_tokens',
      'cache_write_tokens',
      'details.cache_write_tokens',
      'details.cache_creation_input_tokens',
      'prompt_tokens_details.cache_creation_tokens',
      'prompt_details.cache_write',
      'input_cache_creation',
    ],
  },
  {
    name: 'input_audio_tokens',
    keys: ['audio.input_tokens', 'audio_input_tokens', 'prompt_tokens_details.audio_tokens', 'input_audio_tokens'],
  },
  {
    name: 'output_reasoning_tokens',
    keys: [
      'reasoning.output_tokens',
      'reasoning_tokens',
      'completion_tokens_details.reasoning_tokens',
      'details.reasoning_tokens',
      'completion_details.reasoning',
      'output_reasoning_tokens',
    ],
  },
  {
    name: 'output_audio_tokens',
    keys: [
      'audio.output_tokens',
      'audio_output_tokens',
      'completion_tokens_details.audio_tokens',
      'completion_details.audio',
      'output_audio_tokens',
    ],
  },
];

export type UsageClass =
  | 'input'
  | 'output'
  | 'total'
  | 'input_cached_tokens'
  | 'input_cache_creation'
  | 'input_audio_tokens'
  | 'output_reasoning_tokens'
  | 'output_audio_tokens';

/** Costs, not counts, under the prefix of the usage family. */
export const NOT_USAGE: ReadonlySet<string> = new Set(['cost', 'input_cost', 'output_cost', 'total_cost']);
