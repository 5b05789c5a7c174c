import { type Micros } from './time.js';

/** Scores of the type CORRECTION have no configs. */
export const CONFIG_DATA_TYPES = ['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT'] as const;
export type ConfigDataType = (typeof CONFIG_DATA_TYPES)[number];

export interface ScoreCategory {
  readonly label: string;
  readonly value: number;
}

/** What scores that name a config must comply with. */
export interface ScoreRule {
  readonly id: string;
  readonly name: string;
  readonly dataType: ConfigDataType;
  /** Inclusive, of NUMERIC; null is no bound. */
  readonly minValue: number | null;
  readonly maxValue: number | null;
  /** Of CATEGORICAL and BOOLEAN, else null. */
  readonly categories: readonly ScoreCategory[] | null;
  /** Takes no new scores. */
  readonly isArchived: boolean;
}

/** A stored config. */
export interface ScoreConfig extends ScoreRule {
  readonly description: string | null;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

/** What BOOLEAN configs have, whoever makes them. */
export const BOOLEAN_CATEGORIES: readonly ScoreCategory[] = [
  { label: 'True', value: 1 },
  { label: 'False', value: 0 },
];
