import { InvalidInput } from './errors.js';
import {
  describePrompt,
  type PromptContent,
  type PromptMessage,
  type PromptSelector,
  type PromptVersion,
} from './prompt.js';

/** That a prompt includes another one: `@@@langfusePrompt:name=X|version=N@@@` or `…|label=L@@@`. */
export interface PromptReference {
  readonly name: string;
  readonly selector: PromptSelector;
}

/** A prompt with what resolving it needs. */
export type IncludedPrompt = Pick<PromptVersion, 'id' | 'name' | 'version' | 'type' | 'content'>;

/** One prompt in a graph of them. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}

/** Which prompts went into another one. */
export interface PromptGraph {
  readonly root: GraphNode;
  /** By the id of a prompt, the prompts that its text includes itself. */
  readonly dependencies: ReadonlyMap<string, readonly GraphNode[]>;
}

export interface ResolvedPrompt {
  readonly content: PromptContent;
  /** Undefined where nothing is included. */
  readonly graph: PromptGraph | undefined;
}

/** How deep prompts may include prompts, the outermost not counted (`langfuse.md` §2.5). */
export const MAX_REFERENCE_DEPTH = 5;
/** How many different prompts may go into one: they are looked up for each answer. */
export const MAX_REFERENCES = 100;
/** A text that includes texts grows by a factor with each level. Four times what a prompt can be sent as. */
const MAX_RESOLVED_CHARACTERS = 4 * 1024 * 1024;

const TAG = /@@@langfusePrompt:(.*?)@@@/g;
const PARTS = /^name=([^|]+)\|(?:version=([1-9]\d{0,8})|label=([^|]+))$/;

/** Each prompt that `content` includes, once. What looks like a reference and is none stays the text that it is. */
export function findReferences(content: PromptContent): PromptReference[] {
  const found = new Map<string, PromptReference>();
  for (const text of textsOf(content)) {
    for (const [, inner] of text.matchAll(TAG)) {
      const reference = readReference(inner!);
      if (reference !== undefined) found.set(referenceKey(reference), reference);
    }
  }
  return [...found.values()];
}

/** The same for two references if and only if they say the same. A name holds no `|`. */
export function referenceKey({ name, selector: { version, label } }: PromptReference): string {
  return version === undefined ? `${name}|label=${label}` : `${name}|version=${version}`;
}

function readReference(inner: string): PromptReference | undefined {
  const match = PARTS.exec(inner);
  if (match === null) return undefined;
  const [, name, version, label] = match;
  return { name: name!, selector: version === undefined ? { label: label! } : { version: Number(version) } };
}

function textsOf(content: PromptContent): string[] {
  if (typeof content === 'string') return [content];
  return content.flatMap((message) => ('content' in message ? [message.content] : []));
}

/**
 * `root` with the texts of the prompts that it includes, and of those that these include, in place of the references.
 * @param known by {@link referenceKey}, as far as the project has them.
 * @throws InvalidInput when one is missing or no text, includes itself, or all of it is too deep or too long.
 */
export function resolvePrompt(root: IncludedPrompt, known: ReadonlyMap<string, IncludedPrompt>): ResolvedPrompt {
  const resolver = new Resolver(known);
  const content = resolver.resolveRoot(root);
  const { dependencies } = resolver;
  return { content, graph: dependencies.size === 0 ? undefined : { root: toNode(root), dependencies } };
}

/** A text without references, and how many levels of them it had. */
interface Resolved {
  readonly text: string;
  readonly height: number;
}

class Resolver {
  readonly dependencies = new Map<string, GraphNode[]>();
  /** What was resolved before, by the id of the prompt. */
  private readonly done = new Map<string, Resolved>();
  /** The prompts on the way from the root to the one at hand. */
  private readonly path: IncludedPrompt[] = [];

  constructor(private readonly known: ReadonlyMap<string, IncludedPrompt>) {}

  resolveRoot(root: IncludedPrompt): PromptContent {
    this.path.push(root);
    const { content } = root;
    if (typeof content === 'string') return this.resolveText(root, content).text;
    let length = 0;
    return content.map((message): PromptMessage => {
      if (!('content' in message)) return message;
      const { text } = this.resolveText(root, message.content);
      refuseTooLong(root, (length += text.length));
      return { ...message, content: text };
    });
  }

  private resolveText(owner: IncludedPrompt, text: string): Resolved {
    let height = 0;
    let length = text.length;
    const resolved = text.replace(TAG, (tag, inner: string) => {
      const reference = readReference(inner);
      if (reference === undefined) return tag;
      const part = this.include(owner, reference);
      height = Math.max(height, part.height + 1);
      refuseTooLong(owner, (length += part.text.length));
      return part.text;
    });
    return { text: resolved, height };
  }

  private include(owner: IncludedPrompt, reference: PromptReference): Resolved {
    if (this.path.length > MAX_REFERENCE_DEPTH) this.refuseDepth();
    const included = this.known.get(referenceKey(reference));
    const shown = describePrompt(reference.name, reference.selector);
    if (included === undefined) throw new InvalidInput(`Prompt dependency not found: ${shown}`, 'prompt');
    if (typeof included.content !== 'string')
      throw new InvalidInput(`Prompt dependency is not a text prompt: ${shown}`, 'prompt');
    this.addDependency(owner, included);
    if (this.path.some(({ id }) => id === included.id)) {
      const circle = [...this.path, included].map(({ name, version }) => `'${name}' version ${version}`).join(' -> ');
      throw new InvalidInput(`Circular dependency between prompts: ${circle}`, 'prompt');
    }
    const before = this.done.get(included.id);
    if (before !== undefined) {
      if (this.path.length + before.height > MAX_REFERENCE_DEPTH) this.refuseDepth();
      return before;
    }
    this.path.push(included);
    const resolved = this.resolveText(included, included.content);
    this.path.pop();
    this.done.set(included.id, resolved);
    return resolved;
  }

  private addDependency(owner: IncludedPrompt, included: IncludedPrompt): void {
    const nodes = this.dependencies.get(owner.id) ?? [];
    this.dependencies.set(owner.id, nodes);
    if (!nodes.some(({ id }) => id === included.id)) nodes.push(toNode(included));
  }

  private refuseDepth(): never {
    throw new InvalidInput(`Prompts may include prompts at most ${MAX_REFERENCE_DEPTH} levels deep`, 'prompt');
  }
}

function toNode({ id, name, version }: IncludedPrompt): GraphNode {
  return { id, name, version };
}

function refuseTooLong({ name, version }: IncludedPrompt, length: number): void {
  if (length <= MAX_RESOLVED_CHARACTERS) return;
  throw new InvalidInput(
    `Prompt '${name}' version ${version} is longer than ${MAX_RESOLVED_CHARACTERS} characters with what it includes`,
    'prompt',
  );
}
