import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonValue } from '../../domain/json.js';

/** One observation without its payload. */
@Entity('observations')
export class ObservationEntity {
  @PrimaryColumn({ name: 'project_no', type: 'int4' })
  projectNo!: number;

  @PrimaryColumn({ name: 'trace_id', type: 'text', collation: 'C' })
  traceId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  id!: string;

  @PrimaryColumn({ type: 'int4' })
  bucket!: number;

  @Column({ name: 'start_time', type: 'timestamptz', nullable: true })
  startTime!: Date | null;

  @Column({ name: 'end_time', type: 'timestamptz', nullable: true })
  endTime!: Date | null;

  @Column({ name: 'completion_start_time', type: 'timestamptz', nullable: true })
  completionStartTime!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  @Column({ type: 'text', collation: 'C', nullable: true })
  type!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  name!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  level!: string | null;

  @Column({ name: 'status_message', type: 'text', nullable: true })
  statusMessage!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  model!: string | null;

  @Column({ name: 'model_parameters', type: 'text', nullable: true })
  modelParameters!: string | null;

  @Column({ name: 'parent_observation_id', type: 'text', collation: 'C', nullable: true })
  parentObservationId!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  version!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  environment!: string | null;

  @Column({ name: 'prompt_id', type: 'text', collation: 'C', nullable: true })
  promptId!: string | null;

  @Column({ name: 'prompt_name', type: 'text', collation: 'C', nullable: true })
  promptName!: string | null;

  @Column({ name: 'prompt_version', type: 'text', collation: 'C', nullable: true })
  promptVersion!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  usage!: JsonValue | null;

  @Column({ name: 'input_tokens', type: 'int8', nullable: true })
  inputTokens!: string | null;

  @Column({ name: 'output_tokens', type: 'int8', nullable: true })
  outputTokens!: string | null;

  @Column({ name: 'total_tokens', type: 'int8', nullable: true })
  totalTokens!: string | null;

  @Column({ name: 'stated_cost', type: 'jsonb', nullable: true })
  statedCost!: JsonValue | null;

  @Column({ name: 'cost_nano_usd', type: 'int8', nullable: true })
  costNanoUsd!: string | null;

  /** The part of it that usage classes with "input" in their names cost. */
  @Column({ name: 'input_cost_nano_usd', type: 'int8', nullable: true })
  inputCostNanoUsd!: string | null;

  @Column({ name: 'output_cost_nano_usd', type: 'int8', nullable: true })
  outputCostNanoUsd!: string | null;

  /** Row of `price_snapshots` that the cost was made with; null when it was stated or there is none. */
  @Column({ name: 'price_key', type: 'int8', nullable: true })
  priceKey!: string | null;

  /** Which conditional tier of that price held, counted from 0; null for its other prices. */
  @Column({ name: 'price_tier', type: 'int4', nullable: true })
  priceTier!: number | null;

  /** Which figures are left out of sums: 1 tokens, 2 cost, 3 both; null: none. */
  @Column({ type: 'int4', nullable: true })
  repeated!: number | null;

  @Column({ name: 'stated_facts', type: 'jsonb', nullable: true })
  statedFacts!: JsonValue | null;

  /** An `ExperimentRef`. */
  @Column({ type: 'jsonb', nullable: true })
  experiment!: JsonValue | null;

  @Column({ type: 'int8', nullable: true })
  stamp!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  stamps!: JsonValue | null;

  @Column({ name: 'requested_model', type: 'text', collation: 'C', nullable: true })
  requestedModel!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  provider!: string | null;

  @Column({ name: 'finish_reason', type: 'text', collation: 'C', nullable: true })
  finishReason!: string | null;

  @Column({ name: 'tool_name', type: 'text', collation: 'C', nullable: true })
  toolName!: string | null;

  /** One a line, as those below: as text they cost half of an array. */
  @Column({ name: 'tool_names', type: 'text', collation: 'C', nullable: true })
  toolNames!: string | null;

  @Column({ name: 'called_tool_names', type: 'text', collation: 'C', nullable: true })
  calledToolNames!: string | null;

  @Column({ name: 'agent_name', type: 'text', collation: 'C', nullable: true })
  agentName!: string | null;

  @Column({ name: 'turn_id', type: 'text', collation: 'C', nullable: true })
  turnId!: string | null;

  @Column({ name: 'run_id', type: 'text', collation: 'C', nullable: true })
  runId!: string | null;

  @Column({ name: 'step_id', type: 'text', collation: 'C', nullable: true })
  stepId!: string | null;

  @Column({ name: 'parent_step_id', type: 'text', collation: 'C', nullable: true })
  parentStepId!: string | null;

  @Column({ name: 'step_type', type: 'text', collation: 'C', nullable: true })
  stepType!: string | null;
}
