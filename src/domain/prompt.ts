import { isStorableText, type JsonText } from './json.js';
import { type Micros } from './time.js';

export const PROMPT_TYPES = ['text', 'chat'] as const;
export type PromptType = (typeof PROMPT_TYPES)[number];

/** A message of a chat, or a place where whoever uses the prompt puts messages of his own. */
export type PromptMessage =
  { readonly role: string; readonly content: string } | { readonly type: 'placeholder'; readonly name: string };

/** A text, or the messages of a chat in order. May hold `{{variables}}`, which are the client's to fill. */
export type PromptContent = string | readonly PromptMessage[];

/** A version of a prompt; it never changes but for its labels and what its versions share. */
export interface PromptVersion {
  /** Opaque, made by the server. */
  readonly id: string;
  readonly name: string;
  /** From 1, one after another. */
  readonly version: number;
  readonly type: PromptType;
  readonly content: PromptContent;
  /** Any JSON; the server does not look into it. */
  readonly config: JsonText;
  /** Shared by all versions. */
  readonly tags: readonly string[];
  /** In the order they came to the version. No other version has any of them. */
  readonly labels: readonly string[];
  readonly commitMessage: string | null;
  readonly createdBy: string;
  readonly createdAt: Micros;
  /** Follows the labels. */
  readonly updatedAt: Micros;
}

/** A version to be made; its number comes from the server. */
export interface PromptDraft extends Pick<
  PromptVersion,
  'name' | 'type' | 'content' | 'config' | 'labels' | 'commitMessage'
> {
  /** Undefined keeps those of the versions before. */
  readonly tags: readonly string[] | undefined;
}

/** One line of the list of prompts. With a filter it speaks of the versions that pass it. */
export interface PromptSummary {
  readonly name: string;
  readonly type: PromptType;
  /** Ascending. */
  readonly versions: readonly number[];
  /** In alphabetical order. */
  readonly labels: readonly string[];
  readonly tags: readonly string[];
  readonly lastUpdatedAt: Micros;
  /** Of the highest version. */
  readonly lastConfig: JsonText;
}

/** Which version of a prompt is meant. */
export type PromptSelector =
  { readonly version: number; readonly label?: undefined } | { readonly label: string; readonly version?: undefined };

/** The label of the newest version; the server alone moves it. */
export const LATEST = 'latest';
/** The label of the version that is used where none is named. */
export const PRODUCTION = 'production';

/** As in Langfuse (`langfuse.md` §2.5). */
const MAX_PROMPT_NAME_LENGTH = 255;
const MAX_LABEL_LENGTH = 36;
export const MAX_COMMIT_MESSAGE_LENGTH = 500;

/** Names that Langfuse keeps for pages of its own: a prompt of such a name could not move there. */
const RESERVED_NAMES: readonly string[] = ['new', 'metrics', 'prompt-detail'];

/** Why `name` cannot name a prompt, or undefined when it can. A `/` makes folders; a `|` would end the name in a reference. */
export function promptNameProblem(name: string): string | undefined {
  if (name.length === 0) return 'must not be empty';
  if (name.length > MAX_PROMPT_NAME_LENGTH) return `must be at most ${MAX_PROMPT_NAME_LENGTH} characters long`;
  if (!isStorableText(name)) return 'must not contain U+0000 or a lone surrogate';
  if (name.includes('|')) return 'must not contain |';
  // What makes a URL takes them out of the path, encoded or not: no client could fetch the prompt.
  if (name === '.' || name === '..') return 'must not be . or ..';
  if (RESERVED_NAMES.includes(name)) return `must not be ${name}, which is reserved`;
  return undefined;
}

/** Why `label` cannot be one, or undefined when it can. */
export function labelProblem(label: string): string | undefined {
  if (label.length === 0 || label.length > MAX_LABEL_LENGTH) return `must have 1 to ${MAX_LABEL_LENGTH} characters`;
  if (!/^[a-z0-9_\-.]+$/.test(label)) return 'may have only lower case letters, digits, _, - and .';
  return undefined;
}

/** The labels of a version when it is made: each once, `latest` after all others, as Langfuse orders them. */
export function labelsOfNewVersion(labels: readonly string[]): string[] {
  return [...new Set(labels.filter((label) => label !== LATEST)), LATEST];
}

/** Where the prompt is named in an answer: `'folder/name' with label 'production'`. */
export function describePrompt(name: string, { version, label }: PromptSelector): string {
  return `'${name}' with ${version === undefined ? `label '${label}'` : `version ${version}`}`;
}
