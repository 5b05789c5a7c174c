import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Fills what the input and the output of stored observations cost. Costs by a price with conditional tiers are split by its
 * other prices.
 *
 * Outside a transaction, batch by batch: reads and writes of servers that run go on between batches, and reads within them.
 */
export class FillSplitCosts1796200000000 implements MigrationInterface {
  readonly transaction = false;

  constructor(private readonly rowsPerBatch = 5000) {}

  async up(runner: QueryRunner): Promise<void> {
    let after: Key = [-1, '', ''];
    for (;;) {
      await runner.startTransaction();
      try {
        for (const setting of SETTINGS) await runner.query(setting);
        const [last] = (await runner.query(LAST_OF_BATCH, [...after, this.rowsPerBatch - 1])) as KeyColumns[];
        const upTo: Key | undefined = last && [last.project_no, last.trace_id, last.id];
        const range = [...after, ...(upTo ?? [null, null, null])];
        await runner.query(SPLIT_STATED, range);
        await runner.query(SPLIT_PRICED, range);
        await runner.commitTransaction();
        if (upTo === undefined) return;
        after = upTo;
      } catch (error) {
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
    }
  }

  /** The columns go with SplitCosts. */
  async down(): Promise<void> {}
}

type Key = readonly [projectNo: number, traceId: string, id: string];

interface KeyColumns {
  readonly project_no: number;
  readonly trace_id: string;
  readonly id: string;
}

/** The lanes of all writers (src/storage/lane.ts), so that nobody waits for a row in a circle; and no plan that reads the table as a whole. */
const SETTINGS = [
  'SELECT pg_advisory_xact_lock(2020897377, k) FROM generate_series(0, 15) k',
  'SET LOCAL enable_seqscan = off',
];

const LAST_OF_BATCH =
  'SELECT project_no, trace_id, id FROM observations WHERE (project_no, trace_id, id) > ($1::int4, $2::text, $3::text) ' +
  'ORDER BY project_no, trace_id, id OFFSET $4 LIMIT 1';

const IS_INPUT = `c.key LIKE '%input%'`;
const IS_OUTPUT = `c.key NOT LIKE '%input%' AND c.key LIKE '%output%'`;

/** Those of one batch that have a cost and no split of it: a run that was cut off begins anew without doing all again. */
function isUnfilled(row: string): string {
  const key = `(${row}.project_no, ${row}.trace_id, ${row}.id)`;
  return (
    `${row}.cost_nano_usd IS NOT NULL AND ${row}.input_cost_nano_usd IS NULL ` +
    `AND ${key} > ($1::int4, $2::text, $3::text) AND ($4::int4 IS NULL OR ${key} <= ($4::int4, $5::text, $6::text))`
  );
}

const SPLIT_STATED = `
  UPDATE observations o SET
    (input_cost_nano_usd, output_cost_nano_usd) = (
      SELECT round(coalesce(sum(c.value::numeric) FILTER (WHERE ${IS_INPUT}), 0) * 1000000000)::int8,
        round(coalesce(sum(c.value::numeric) FILTER (WHERE ${IS_OUTPUT}), 0) * 1000000000)::int8
      FROM jsonb_each_text(o.stated_cost) c WHERE c.key <> 'total')
  WHERE o.stated_cost IS NOT NULL AND ${isUnfilled('o')}`;

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
  WHERE o.project_no = seen.project_no AND o.trace_id = seen.trace_id AND o.id = seen.id AND o.bucket = seen.bucket
    AND ${isUnfilled('seen')}`;
