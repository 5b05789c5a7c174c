import { gzipSync } from 'node:zlib';
import { type Api, BATCH, JSON_TYPE, uniqueId } from './api.js';

const MIB = 1024 * 1024;

/** The default of XTRACE_MAX_REQUEST_BODY_BYTES. */
export const MAX_BODY = 20 * MIB;

/**
 * Budgets as small as they may be. A body that inflates to the limit is larger than either of them, and such a one is
 * taken only while not a single byte of others is counted: so a test can see from outside that nothing is held.
 */
export const SMALL_BUDGETS = { INGEST_MAX_IN_FLIGHT_BYTES: String(MAX_BODY), WRITE_QUEUE_MAX_BYTES: String(MAX_BODY) };

/** The server lives, and neither the budget of bodies nor the write queue counts a byte of what is over. */
export async function expectNothingHeld(api: Api): Promise<void> {
  const id = uniqueId('after');
  const body = gzipSync(JSON.stringify({ trace: { id } }).padEnd(MAX_BODY), { level: 1 });
  const answer = await api.post(BATCH, body, { ...JSON_TYPE, 'content-encoding': 'gzip' });
  expect(answer.text).toBe('{"message":"Request Successful."}');
  expect(await api.hasTrace(id)).toBe(true);
}
