import { type Observation, type ObservationType, STEP_TYPES, type StepType } from './observation.js';

const WORDS: ReadonlyMap<string, StepType> = new Map(STEP_TYPES.map((type) => [type, type]));

/** The step type that a client's word names, in any case; undefined for a word that is none of the six. */
export function toStepType(word: string): StepType | undefined {
  return WORDS.get(word) ?? WORDS.get(word.toLowerCase());
}

/** Names that xtrace recommends for observations (xtrace.md §8). */
const NAMES: ReadonlyMap<string, StepType> = new Map([
  ['chat.generation', 'llm_call'],
  ['agent.tool', 'tool_call'],
  ['agent.plan', 'planner'],
  ['agent.retrieval', 'retrieval'],
  ['agent.memory', 'memory_write'],
]);

const TYPES: ReadonlyMap<ObservationType, StepType> = new Map([
  ['GENERATION', 'llm_call'],
  ['EMBEDDING', 'llm_call'],
  ['TOOL', 'tool_call'],
  ['RETRIEVER', 'retrieval'],
]);

/** What kind of step an observation was: as stated, else as its name or its type says; null when none of them does. */
export function stepTypeOf({ stepType, name, type }: Pick<Observation, 'stepType' | 'name' | 'type'>): StepType | null {
  if (stepType !== null) return stepType;
  const byName = name === null ? undefined : (NAMES.get(name) ?? (/^handoff/i.test(name) ? 'handoff' : undefined));
  return byName ?? (type === null ? null : (TYPES.get(type) ?? null));
}
