import { Column } from 'typeorm';

/** Sums over observations, as `traces`, `sessions` and `usage_hourly` keep them. `pg` gives int8 as text. */
export abstract class TotalsColumns {
  @Column({ name: 'observation_count', type: 'int8' })
  observationCount!: string;

  @Column({ name: 'generation_count', type: 'int8' })
  generationCount!: string;

  @Column({ name: 'error_count', type: 'int8' })
  errorCount!: string;

  @Column({ name: 'input_tokens', type: 'int8' })
  inputTokens!: string;

  @Column({ name: 'output_tokens', type: 'int8' })
  outputTokens!: string;

  @Column({ name: 'total_tokens', type: 'int8' })
  totalTokens!: string;

  @Column({ name: 'cost_nano_usd', type: 'int8' })
  costNanoUsd!: string;
}
