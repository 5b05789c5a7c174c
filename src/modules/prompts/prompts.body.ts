import { InvalidInput } from '../../domain/errors.js';
import { isStorableText, isWithinDepth, MAX_JSON_DEPTH, toJsonText, toStorableText } from '../../domain/json.js';
import { type Members, toMembers } from '../../domain/members.js';
import {
  labelProblem,
  LATEST,
  MAX_COMMIT_MESSAGE_LENGTH,
  PRODUCTION,
  PROMPT_TYPES,
  type PromptContent,
  type PromptDraft,
  type PromptMessage,
  promptNameProblem,
  type PromptType,
} from '../../domain/prompt.js';

/** Of one prompt: every answer repeats them all. */
const MAX_LABELS = 100;
const MAX_TAGS = 100;
const MAX_TAG_LENGTH = 200;

/** What POST /api/public/v2/prompts asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parsePromptDraft(body: unknown): PromptDraft {
  const members = toMembers(body);
  const name = readName(members);
  const type = readType(members);
  return {
    name,
    type,
    content: type === 'text' ? readText(members) : readMessages(members),
    labels: readLabels(members, 'labels'),
    tags: readTags(members),
    config: readConfig(members),
    commitMessage: readCommitMessage(members),
  };
}

/** The same on the first version of the route, where `isActive` stands for the label `production`. */
export function parseV1PromptDraft(body: unknown): PromptDraft {
  const draft = parsePromptDraft(body);
  const isActive = toMembers(body).get('isActive') ?? false;
  if (typeof isActive !== 'boolean') throw new InvalidInput('isActive must be true or false', 'isActive');
  return isActive ? { ...draft, labels: [...new Set([...draft.labels, PRODUCTION])] } : draft;
}

/** What PATCH …/versions/{version} asks for. @throws InvalidInput naming the field. */
export function parseNewLabels(body: unknown): string[] {
  const members = toMembers(body);
  if (!members.has('newLabels')) throw new InvalidInput('newLabels is required', 'newLabels');
  const labels = readLabels(members, 'newLabels');
  if (labels.includes(LATEST))
    throw new InvalidInput(`newLabels must not hold ${LATEST}: the server sets it on the newest version`, 'newLabels');
  return labels;
}

function readName(members: Members): string {
  const name = members.get('name');
  if (typeof name !== 'string') throw new InvalidInput('name must be a string', 'name');
  const problem = promptNameProblem(name);
  if (problem !== undefined) throw new InvalidInput(`name ${problem}`, 'name');
  return name;
}

function readType(members: Members): PromptType {
  const type = members.get('type') ?? 'text';
  const known = PROMPT_TYPES.find((one) => one === type);
  if (known === undefined) throw new InvalidInput(`type must be ${PROMPT_TYPES.join(' or ')}`, 'type');
  return known;
}

function readText(members: Members): PromptContent {
  const text = members.get('prompt');
  if (typeof text !== 'string') throw new InvalidInput('prompt must be a string, for the type is text', 'prompt');
  return toStorableText(text);
}

function readMessages(members: Members): PromptContent {
  const messages = members.get('prompt');
  if (!Array.isArray(messages))
    throw new InvalidInput('prompt must be a list of messages, for the type is chat', 'prompt');
  return messages.map((message: unknown, i) => readMessage(message, `prompt[${i}]`));
}

/** Roles and contents; `type` is kept of placeholders only (`langfuse.md` §2.5). */
function readMessage(value: unknown, field: string): PromptMessage {
  const members = toMembers(value, field);
  const text = (name: string): string => {
    const member = members.get(name);
    if (typeof member !== 'string') throw new InvalidInput(`${field}.${name} must be a string`, `${field}.${name}`);
    return toStorableText(member);
  };
  if (members.get('type') === 'placeholder') return { type: 'placeholder', name: text('name') };
  return { role: text('role'), content: text('content') };
}

function readList(members: Members, field: string, max: number): string[] {
  const list: unknown = members.get(field) ?? [];
  if (!Array.isArray(list) || list.length > max)
    throw new InvalidInput(`${field} must be a list of at most ${max}`, field);
  return [...new Set(list)].map((item: unknown, i) => {
    if (typeof item !== 'string') throw new InvalidInput(`${field}[${i}] must be a string`, field);
    return item;
  });
}

function readLabels(members: Members, field: string): string[] {
  const labels = readList(members, field, MAX_LABELS);
  for (const label of labels) {
    const problem = labelProblem(label);
    if (problem !== undefined) throw new InvalidInput(`${field}: a label ${problem}`, field);
  }
  return labels;
}

function readTags(members: Members): string[] | undefined {
  if ((members.get('tags') ?? undefined) === undefined) return undefined;
  const tags = readList(members, 'tags', MAX_TAGS);
  if (tags.some((tag) => tag === '' || tag.length > MAX_TAG_LENGTH || !isStorableText(tag)))
    throw new InvalidInput(`tags must have 1 to ${MAX_TAG_LENGTH} characters each`, 'tags');
  return tags;
}

function readConfig(members: Members): string {
  const config = members.get('config') ?? {};
  if (!isWithinDepth(config))
    throw new InvalidInput(`config must nest at most ${MAX_JSON_DEPTH} levels deep`, 'config');
  return toJsonText(config);
}

function readCommitMessage(members: Members): string | null {
  const message = members.get('commitMessage') ?? null;
  if (message === null) return null;
  if (typeof message !== 'string' || message.length > MAX_COMMIT_MESSAGE_LENGTH)
    throw new InvalidInput(
      `commitMessage must be a string of at most ${MAX_COMMIT_MESSAGE_LENGTH} characters`,
      'commitMessage',
    );
  return toStorableText(message);
}
