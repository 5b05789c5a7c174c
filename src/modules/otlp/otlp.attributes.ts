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
