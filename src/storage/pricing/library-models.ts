import { findProvider, type MatchLogic } from '@pydantic/genai-prices';
import { type PriceSheet } from '../../domain/price.js';
import { periodsOf } from './library-prices.js';

/** A model of the price list that comes with the server, with the prices of today. */
export interface ListedModel {
  /** `provider/model`, as observations name it. */
  readonly id: string;
  readonly name: string;
  /** What its names look like: for people, because the look-up has rules for providers besides. */
  readonly matchPattern: string;
  readonly sheet: PriceSheet;
}

/** The package finds a provider, but lists none. A test compares with what it holds. */
export const LIBRARY_PROVIDERS: readonly string[] = [
  ...['anthropic', 'arcee', 'avian', 'aws', 'azure', 'baseten', 'cerebras', 'cloudflare', 'cohere', 'cursor'],
  ...['deepseek', 'doubleword', 'fireworks', 'github-copilot', 'google', 'groq', 'huggingface_cerebras'],
  ...['huggingface_fireworks-ai', 'huggingface_groq', 'huggingface_hyperbolic', 'huggingface_nebius'],
  ...['huggingface_novita', 'huggingface_nscale', 'huggingface_ovhcloud', 'huggingface_publicai'],
  ...['huggingface_sambanova', 'huggingface_together', 'minimax', 'mistral', 'modal', 'moonshotai', 'novita'],
  ...['openai', 'openrouter', 'ovhcloud', 'perplexity', 'quicksilverpro', 'together', 'typesafe', 'voyageai', 'x-ai'],
  ...['zai', 'zhipuai'],
];

/** Every model of the price list by its id, in the order of providers and of the list. Made anew each time: some ms. */
export function listLibraryModels(nowMs: number): Map<string, ListedModel> {
  const models = new Map<string, ListedModel>();
  for (const provider of LIBRARY_PROVIDERS) {
    for (const model of findProvider({ providerId: provider })?.models ?? []) {
      const period = periodsOf(model).find(({ holdsAt }) => holdsAt(nowMs));
      if (period === undefined || period.sheet.prices.length === 0) continue;
      const id = `${provider}/${model.id}`;
      models.set(id, { id, name: model.id, matchPattern: `(?i)${expressionOf(model.match)}`, sheet: period.sheet });
    }
  }
  return models;
}

/** The library's rule for names as one expression, except that parts of an `and` stand in any order with lookaheads. */
function expressionOf(match: MatchLogic): string {
  if ('equals' in match) return `^${escape(match.equals)}$`;
  if ('starts_with' in match) return `^${escape(match.starts_with)}`;
  if ('ends_with' in match) return `${escape(match.ends_with)}$`;
  if ('contains' in match) return escape(match.contains);
  if ('regex' in match) return match.regex;
  if ('or' in match) return `(${match.or.map(expressionOf).join('|')})`;
  return `^${match.and.map((part) => `(?=.*${expressionOf(part)})`).join('')}`;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
