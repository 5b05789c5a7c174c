import { InvalidInput } from './errors.js';
import { type ScoreRule } from './score-config.js';
import { type ScoreDataType, type ScorePatch, type ScoreVerdict } from './score.js';

/** Longest text of a TEXT score, in characters (Langfuse API, CreateScoreValue). */
export const MAX_SCORE_TEXT = 500;

/** What corrections are called (Langfuse API, ScoreBody). */
const CORRECTION_NAME = 'output';

/** What is stated of a score before its config is known. */
export type StatedScore = Pick<ScorePatch, 'name' | 'source' | 'value' | 'dataType' | 'configId'>;

/**
 * What a score says, by the rules of its type and its config (langfuse.md §3.9).
 * @param rule the config that `stated.configId` names; undefined when there is none of that id.
 * @throws InvalidInput naming the field that breaks a rule. Its message quotes nothing that the client wrote.
 */
export function settleScore(stated: StatedScore, rule?: ScoreRule): ScoreVerdict {
  const { source, configId = null } = stated;
  if (configId !== null) {
    if (stated.dataType === 'CORRECTION') throw new InvalidInput('configId must be absent in a correction', 'configId');
    if (rule === undefined) throw new InvalidInput('configId names no score config of the project', 'configId');
    if (rule.isArchived) throw new InvalidInput('configId names a score config that is archived', 'configId');
  } else if (source === 'ANNOTATION' && stated.dataType !== 'CORRECTION') {
    throw new InvalidInput('configId is required for a score of source ANNOTATION', 'configId');
  }
  const dataType = stated.dataType ?? rule?.dataType ?? (typeof stated.value === 'number' ? 'NUMERIC' : 'CATEGORICAL');
  if (rule !== undefined && rule.dataType !== dataType) {
    throw new InvalidInput(
      `dataType must be ${rule.dataType}, the type of the score config, got ${dataType}`,
      'dataType',
    );
  }
  const name = dataType === 'CORRECTION' ? CORRECTION_NAME : (rule?.name ?? stated.name);
  return { name, source, dataType, configId, ...settleValue(dataType, stated.value, rule) };
}

function settleValue(
  dataType: ScoreDataType,
  value: number | string,
  rule: ScoreRule | undefined,
): Pick<ScoreVerdict, 'value' | 'stringValue'> {
  switch (dataType) {
    case 'NUMERIC':
      return { value: withinRange(numberOf(value, dataType), rule), stringValue: null };
    case 'BOOLEAN': {
      const truth = numberOf(value, dataType);
      if (truth !== 0 && truth !== 1) throw new InvalidInput('value must be 0 or 1 in a BOOLEAN score', 'value');
      return { value: truth, stringValue: truth === 1 ? 'True' : 'False' };
    }
    case 'CATEGORICAL': {
      const label = textOf(value, dataType);
      return { value: categoryValue(label, rule), stringValue: label };
    }
    case 'TEXT': {
      const text = textOf(value, dataType);
      if (text.length === 0 || text.length > MAX_SCORE_TEXT)
        throw new InvalidInput(`value must have 1 to ${MAX_SCORE_TEXT} characters in a TEXT score`, 'value');
      return { value: null, stringValue: text };
    }
    case 'CORRECTION':
      return { value: 0, stringValue: textOf(value, dataType) };
  }
}

function numberOf(value: number | string, dataType: ScoreDataType): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new InvalidInput(`value must be a finite number in a ${dataType} score`, 'value');
  return value;
}

function textOf(value: number | string, dataType: ScoreDataType): string {
  if (typeof value !== 'string') throw new InvalidInput(`value must be a string in a ${dataType} score`, 'value');
  return value;
}

function withinRange(value: number, rule: ScoreRule | undefined): number {
  const min = rule?.minValue ?? null;
  const max = rule?.maxValue ?? null;
  if (min !== null && value < min) throw new InvalidInput(`value must be at least ${min}, as its config says`, 'value');
  if (max !== null && value > max) throw new InvalidInput(`value must be at most ${max}, as its config says`, 'value');
  return value;
}

function categoryValue(label: string, rule: ScoreRule | undefined): number {
  if (rule === undefined) return 0;
  const category = rule.categories?.find((known) => known.label === label);
  if (category === undefined) throw new InvalidInput('value must be a category of the score config', 'value');
  return category.value;
}
