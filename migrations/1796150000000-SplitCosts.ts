import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What the input and the output of an observation cost, beside what it costs in all: metrics and filters ask for them over
 * millions of rows, which is too many to work each of them out of its usage and its price.
 *
 * Fills them for what is stored. Costs by a price with conditional tiers are split by its other prices.
 */
export class SplitCosts1796150000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Without a default: no row is rewritten.
    await runner.query(
      'ALTER TABLE observations ADD COLUMN input_cost_nano_usd int8, ADD COLUMN output_cost_nano_usd int8',
    );
    await runner.query(SPLIT_STATED);
    await runner.query(SPLIT_PRICED);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE observations DROP COLUMN output_cost_nano_usd, DROP COLUMN input_cost_nano_usd');
  }
}

const IS_INPUT = `c.key LIKE '%input%'`;
const IS_OUTPUT = `c.key NOT LIKE '%input%' AND c.key LIKE '%output%'`;

const SPLIT_STATED = `
  UPDATE observations o SET
    (input_cost_nano_usd, output_cost_nano_usd) = (
      SELECT round(coalesce(sum(c.value::numeric) FILTER (WHERE ${IS_INPUT}), 0) * 1000000000)::int8,
        round(coalesce(sum(c.value::numeric) FILTER (WHERE ${IS_OUTPUT}), 0) * 1000000000)::int8
      FROM jsonb_each_text(o.stated_cost) c WHERE c.key <> 'total')
  WHERE o.stated_cost IS NOT NULL AND o.cost_nano_usd IS NOT NULL`;

/** Every name of a class, and in which order price lists are asked for it. */
const PRICED_AS: Readonly<Record<string, readonly string[]>> = {
  input: [],
  input_text_tokens: ['input'],
  input_text: ['input'],
  input_cached_tokens: ['input'],
  input_cache_read: ['input_cached_tokens', 'input'],
  cache_read_input_tokens: ['input_cached_tokens', 'input'],
  input_cached_text_tokens: ['input_cached_tokens', 'input'],
  cached_content_token_count: ['input_cached_tokens', 'input'],
  input_cache_creation: ['input'],
  cache_creation_input_tokens: ['input_cache_creation', 'input'],
  cache_write_tokens: ['input_cache_creation', 'input'],
  input_cache_creation_tokens: ['input_cache_creation', 'input'],
  input_cache_creation_5m: ['input_cache_creation', 'input'],
  input_cache_creation_1h: ['input_cache_creation', 'input'],
  input_audio_tokens: ['input'],
  input_audio: ['input_audio_tokens', 'input'],
  input_cached_audio_tokens: ['input_cached_tokens', 'input'],
  input_cached_audio: ['input_cached_audio_tokens', 'input_cached_tokens', 'input'],
  input_image_tokens: ['input'],
  input_image: ['input_image_tokens', 'input'],
  input_video_tokens: ['input'],
  output_text_tokens: ['output'],
  output_text: ['output'],
  output_accepted_prediction_tokens: ['output'],
  output_rejected_prediction_tokens: ['output'],
  output_reasoning_tokens: ['output'],
  output_reasoning: ['output_reasoning_tokens', 'output'],
  output_audio_tokens: ['output'],
  output_audio: ['output_audio_tokens', 'output'],
  output_image_tokens: ['output'],
  output_image: ['output_image_tokens', 'output'],
  output_video_tokens: ['output'],
};

const CANDIDATES = Object.entries(PRICED_AS)
  .flatMap(([name, others]) => [name, ...others].map((candidate, n) => `('${name}', '${candidate}', ${n})`))
  .join(', ');
const INPUT_NAMES = Object.entries(PRICED_AS)
  .filter(([name, others]) => name === 'input' || others.includes('input'))
  .map(([name]) => `'${name}'`)
  .join(', ');

/** The price list of `s` that holds for the size of the input of `seen`. */
const PRICES = `
  coalesce((
    SELECT t.tier -> 'prices' FROM json_array_elements(s.sheet -> 'tiers') t(tier)
    WHERE (t.tier ->> 'aboveInputTokens')::numeric <
      (SELECT coalesce(sum(u.value::numeric), 0) FROM jsonb_each_text(seen.usage) u WHERE u.key IN (${INPUT_NAMES}))
    ORDER BY (t.tier ->> 'aboveInputTokens')::numeric DESC LIMIT 1), s.sheet -> 'prices')`;

const SPLIT_PRICED = `
  WITH candidates(class, name, n) AS (VALUES ${CANDIDATES}),
  sheets AS MATERIALIZED (SELECT key, snapshot::json -> 'sheet' AS sheet FROM price_snapshots)
  UPDATE observations o SET input_cost_nano_usd = coalesce(c.input, 0), output_cost_nano_usd = coalesce(c.output, 0)
  FROM observations seen JOIN sheets s ON s.key = seen.price_key CROSS JOIN LATERAL (
    SELECT round(sum(c.usd_per_million * c.count) FILTER (WHERE ${IS_INPUT}) * 1000)::int8 AS input,
      round(sum(c.usd_per_million * c.count) FILTER (WHERE ${IS_OUTPUT}) * 1000)::int8 AS output
    FROM (
      SELECT u.key, u.value::numeric AS count, (
        SELECT (p.price ->> 'usdPerMillion')::numeric
        FROM (SELECT u.key AS name, -1 AS n UNION ALL SELECT k.name, k.n FROM candidates k WHERE k.class = u.key) k
        JOIN json_array_elements(${PRICES}) p(price)
          ON p.price ->> 'usageClass' = k.name
        ORDER BY k.n LIMIT 1) AS usd_per_million
      FROM jsonb_each_text(seen.usage) u WHERE u.key <> 'total' AND NOT (seen.usage ? 'total'
        AND EXISTS (SELECT FROM json_array_elements(${PRICES}) p(price) WHERE p.price ->> 'usageClass' = 'total'))
    ) c
  ) c
  WHERE o.project_no = seen.project_no AND o.trace_id = seen.trace_id AND o.id = seen.id AND o.bucket = seen.bucket`;
