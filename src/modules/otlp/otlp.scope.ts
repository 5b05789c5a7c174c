import { isBrowserScope } from './otlp.browser-scopes.js';
import { resourceMetadata, type ScopeMetadata, scopeMetadata, type SharedMetadata } from './otlp.metadata.js';
import { Picks } from './otlp.picks.js';
import { fitResource, fitScope } from './otlp.shared.js';
import { type OtlpResourceSpans, type OtlpScopeSpans } from './otlp.span.js';
import { sendsGenerationsAsSpans } from './otlp.vocabulary.js';

/** Langfuse's own SDKs: what they set is known, so that keeping it raw as well would only say it twice. */
const LANGFUSE_SCOPE = 'langfuse-sdk';

/** What all spans of one resource have in common. */
export interface ResourceContext {
  readonly picks: Picks;
  readonly metadata: SharedMetadata;
  readonly isPython: boolean;
}

/** What all spans of one instrumentation scope have in common. */
export interface ScopeContext {
  readonly resourcePicks: Picks;
  readonly metadata: ScopeMetadata;
  readonly name: string;
  readonly isLangfuseSdk: boolean;
  /** It watches a page in a browser. */
  readonly isBrowser: boolean;
  readonly sendsGenerationsAsSpans: boolean;
}

export function readResource(sent: Omit<OtlpResourceSpans, 'scopeSpans'>): ResourceContext {
  const ofResource = fitResource(sent);
  const { attributes } = ofResource.resource;
  const picks = Picks.ofResource(attributes);
  const isPython = attributes.get('telemetry.sdk.language') === 'python';
  return { picks, metadata: resourceMetadata(ofResource, picks), isPython };
}

export function readScope(sent: Omit<OtlpScopeSpans, 'spans'>, resource: ResourceContext): ScopeContext {
  const ofScope = fitScope(sent);
  const { name, version } = ofScope.scope;
  const isLangfuseSdk = name.startsWith(LANGFUSE_SCOPE);
  return {
    resourcePicks: resource.picks,
    metadata: scopeMetadata(ofScope, resource.metadata),
    name,
    isLangfuseSdk,
    isBrowser: isBrowserScope(name),
    sendsGenerationsAsSpans: isLangfuseSdk && resource.isPython && sendsGenerationsAsSpans(version),
  };
}
