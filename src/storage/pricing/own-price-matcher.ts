import { RE2JS } from 're2js';
import { InvalidInput } from '../../domain/errors.js';
import { type OwnPrice } from '../../domain/price.js';

/** Longest pattern: room for the names of some dozen models. */
export const MAX_PATTERN_LENGTH = 500;
/** Longer names are no model's; matching takes time in proportion to them. */
const MAX_NAME = 200;

/** An own price with its pattern compiled. RE2 matches in linear time, whatever the pattern. */
export class OwnPriceMatcher {
  private readonly pattern: RE2JS;
  private readonly provider: string | undefined;
  readonly validFromMs: number;

  /** @throws InvalidInput for a pattern that RE2 does not take. */
  constructor(readonly price: OwnPrice) {
    this.pattern = compilePattern(price.modelPattern);
    this.provider = price.provider?.toLowerCase();
    this.validFromMs = price.validFrom === null ? -Infinity : Date.parse(price.validFrom);
  }

  matches(provider: string | null, model: string): boolean {
    if (this.provider !== undefined && this.provider !== provider?.toLowerCase()) return false;
    return model.length <= MAX_NAME && this.pattern.matches(model);
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

/** @throws InvalidInput naming what is wrong with it. */
export function compilePattern(pattern: string): RE2JS {
  if (pattern.length === 0 || pattern.length > MAX_PATTERN_LENGTH)
    throw new InvalidInput(`modelPattern must have 1 to ${MAX_PATTERN_LENGTH} characters`, 'modelPattern');
  try {
    return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    throw new InvalidInput(
      `modelPattern is no RE2 expression: ${(error as Error).message.replace(/^error parsing regexp: /, '')}`,
      'modelPattern',
    );
  }
}
