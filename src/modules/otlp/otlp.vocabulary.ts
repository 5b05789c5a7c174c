import { type ObservationType } from '../../domain/observation.js';
import { contentKeyOf } from './otlp.content-sources.js';
import { type Picks } from './otlp.picks.js';
import { type OtlpSpan } from './otlp.span.js';
import { LIVEKIT_SPANS } from './otlp.types.js';

/** What a span was, where one attribute alone does not say it. */

/** Keys that also stand on spans which are no model calls: on their own they do not make one. */
const VAGUE_MODEL_KEYS: ReadonlySet<string> = new Set(['model', 'model_name']);

/** What is known of a span besides its attributes. */
export interface SpanContext {
  readonly span: OtlpSpan;
  readonly scopeName: string;
  /** See `sendsGenerationsAsSpans`. */
  readonly sendsGenerationsAsSpans: boolean;
  /** Whether it counts tokens. */
  readonly hasUsage: boolean;
}

/** By the type, kind or operation that it states, else by what it carries. */
export function readType(picks: Picks, context: SpanContext): ObservationType {
  const stated = picks.get('type') as ObservationType | undefined;
  if (stated !== undefined) {
    if (picks.keyOf('type') !== 'langfuse.observation.type') return stated;
    picks.use('type');
    return stated === 'SPAN' && context.sendsGenerationsAsSpans && hasGenerationFields(picks) ? 'GENERATION' : stated;
  }
  const byName = context.scopeName.startsWith('livekit') ? LIVEKIT_SPANS.get(context.span.name) : undefined;
  return byName ?? typeByContent(picks, context);
}

/** A model call names a model; an agent may name one too, but neither counts tokens nor carries messages of its own. */
function typeByContent(picks: Picks, { span, hasUsage }: SpanContext): ObservationType {
  const isAgent = picks.get('agentName') !== undefined;
  if (picks.get('model') === undefined) return 'SPAN';
  if (hasUsage || picks.get('usageDetails') !== undefined || carriesContent(span)) return 'GENERATION';
  if (isAgent) return 'AGENT';
  return VAGUE_MODEL_KEYS.has(picks.keyOf('model')!) ? 'SPAN' : 'GENERATION';
}

function carriesContent({ attributes }: OtlpSpan): boolean {
  for (const key of attributes.keys()) if (contentKeyOf(key) !== null) return true;
  return false;
}

function hasGenerationFields(picks: Picks): boolean {
  return GENERATION_FIELDS.some((field) => picks.get(field) !== undefined);
}

const GENERATION_FIELDS = [
  'model',
  'costDetails',
  'usageDetails',
  'completionStartTime',
  'modelParameters',
  'promptName',
  'promptVersion',
] as const;

/** Langfuse's Python SDK up to 3.3 sends generations with the type "span". */
export function sendsGenerationsAsSpans(scopeVersion: string): boolean {
  const [major, minor] = scopeVersion.split('.', 2).map(Number);
  return major !== undefined && minor !== undefined && (major < 3 || (major === 3 && minor <= 3));
}

/**
 * The name of the observation: what was logged, the tool that was called, the function or entity that ran; else the
 * name of the span, which for producers of the GenAI conventions is an operation and a model.
 */
export function readName(picks: Picks, span: OtlpSpan, type: ObservationType, toolName: string | undefined): string {
  if (picks.keyOf('name') === 'logfire.msg') return picks.text('name') ?? span.name;
  if (type === 'TOOL' && toolName !== undefined) return toolName;
  const functionId = picks.text('functionId');
  if (functionId !== undefined) return `${functionId} ${span.name.replace(/^ai\./, '')}`;
  return picks.text('name') ?? span.name;
}

const MCP_TOOL_CALL = 'tools/call ';

/** The tool that was called: by its own key, as Traceloop's entity, or as what an MCP span is named after. */
export function readToolName(picks: Picks, span: OtlpSpan, type: ObservationType): string | undefined {
  const stated = picks.text('toolName') ?? traceloopEntity(picks, 'tool');
  if (stated !== undefined || type !== 'TOOL' || !span.name.startsWith(MCP_TOOL_CALL)) return stated;
  return span.name.slice(MCP_TOOL_CALL.length);
}

export function readAgentName(picks: Picks): string | undefined {
  return picks.text('agentName') ?? traceloopEntity(picks, 'agent');
}

function traceloopEntity(picks: Picks, kind: string): string | undefined {
  return picks.text('traceloopKind') === kind ? picks.text('traceloopEntity') : undefined;
}
