import { Random } from '../support/messages.js';
import { type BenchServer } from './bench-server.js';
import { measureReads } from './read-stages.js';
import { type Report } from './report.js';

const PATH = '/api/public/v2/prompts';
const PROMPTS = 200;
const VERSIONS = 5;
const TEXT_LENGTH = 3000;
const GOAL_MS = 10;

/** Prompts of 3 KB in five versions, fetched one after the other as applications do when they start: by name and label. */
export async function measurePrompts(
  server: BenchServer,
  report: Report,
  { requests }: { readonly requests: number },
): Promise<void> {
  const client = server.client(8);
  const random = new Random(71);
  for (let n = 0; n < PROMPTS; n += 1) {
    for (let version = 1; version <= VERSIONS; version += 1) {
      const prompt = `You are {{role}}. ${'Answer briefly. '.repeat(TEXT_LENGTH / 16)}Version ${version}.`;
      const labels = version === VERSIONS - 1 ? ['production'] : [];
      const body = { type: 'text', name: nameOf(n), prompt, labels, tags: ['bench'], config: { temperature: 0.2 } };
      const answer = await client.post(PATH, Buffer.from(JSON.stringify(body)));
      if (answer.status !== 200 && answer.status !== 201)
        throw new Error(`a prompt was refused: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  }
  client.close();
  const any = () => encodeURIComponent(nameOf(random.below(PROMPTS)));
  const reads = [
    { name: 'prompt in production', make: () => `${PATH}/${any()}`, goalMs: GOAL_MS },
    { name: 'prompt by label latest', make: () => `${PATH}/${any()}?label=latest`, goalMs: GOAL_MS },
    { name: 'prompt by version', make: () => `${PATH}/${any()}?version=2`, goalMs: GOAL_MS },
  ];
  await measureReads(server, report, 'prompts', reads, requests);
}

function nameOf(n: number): string {
  return `agents/support/step-${n}`;
}
