import { RE2JS } from 're2js';
import { InvalidInput } from '../../domain/errors.js';
import { type ClassMatcher, type OwnPrice } from '../../domain/price.js';

/** Longest pattern: room for the names of some dozen models. */
const MAX_PATTERN_LENGTH = 500;
/** Longer names are no model's; matching takes time in proportion to them. */
const MAX_NAME = 200;

/** What prices are for unless they say otherwise. */
export const TOKENS = 'TOKENS';

/** An own price with its pattern compiled. RE2 matches in linear time, whatever the pattern. */
export class OwnPriceMatcher {
  private readonly pattern: RE2JS;
  private readonly provider: string | undefined;
  readonly validFromMs: number;

  /** @throws InvalidInput for a pattern that RE2 does not take. */
  constructor(readonly price: OwnPrice) {
    this.pattern = compilePattern(price.modelPattern, price.definition !== null);
    this.provider = price.provider?.toLowerCase();
    this.validFromMs = price.validFrom === null ? -Infinity : Date.parse(price.validFrom);
  }

  /** @param unit what the call counts in; null for tokens */
  matches(provider: string | null, model: string, unit: string | null): boolean {
    if (this.provider !== undefined && this.provider !== provider?.toLowerCase()) return false;
    const { definition } = this.price;
    if ((definition?.unit ?? TOKENS) !== (unit?.toUpperCase() ?? TOKENS)) return false;
    if (model.length > MAX_NAME) return false;
    return definition === null ? this.pattern.matches(model) : this.pattern.matcher(model).find();
  }

  /** Prices for one provider before those for any, then the newest. */
  static compare(a: OwnPriceMatcher, b: OwnPriceMatcher): number {
    return (
      Number(a.provider === undefined) - Number(b.provider === undefined) ||
      later(a.validFromMs, b.validFromMs) ||
      later(Date.parse(a.price.createdAt), Date.parse(b.price.createdAt)) ||
      (a.price.id < b.price.id ? 1 : -1)
    );
  }
}

function later(a: number, b: number): number {
  return a === b ? 0 : a > b ? -1 : 1;
}

/**
 * @param isSearch as Langfuse's models match: cases differ, unless the pattern begins with `(?i)`
 * @throws InvalidInput naming what is wrong with it.
 */
export function compilePattern(pattern: string, isSearch: boolean): RE2JS {
  const field = isSearch ? 'matchPattern' : 'modelPattern';
  if (pattern.length === 0 || pattern.length > MAX_PATTERN_LENGTH)
    throw new InvalidInput(`${field} must have 1 to ${MAX_PATTERN_LENGTH} characters`, field);
  return compile(pattern, isSearch ? 0 : RE2JS.CASE_INSENSITIVE, field);
}

/** The expression of a tier's condition. @throws InvalidInput naming `field`. */
export function compileClassPattern(pattern: string, isCaseSensitive: boolean, field = 'pattern'): ClassMatcher {
  const compiled = compile(pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE, field);
  return (usageClass) => compiled.matcher(usageClass).find();
}

function compile(pattern: string, flags: number, field: string): RE2JS {
  try {
    return RE2JS.compile(pattern, flags);
  } catch (error) {
    throw new InvalidInput(
      `${field} is no RE2 expression: ${(error as Error).message.replace(/^error parsing regexp: /, '')}`,
      field,
    );
  }
}
