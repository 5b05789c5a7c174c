import { type TestPostgres } from './postgres.js';

async function globalTeardown(): Promise<void> {
  const { testPostgres } = globalThis as { testPostgres?: TestPostgres };
  await testPostgres?.stop();
}

export { globalTeardown as default };
