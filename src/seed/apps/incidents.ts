import { type App, deploymentAt, type SessionStart, type World } from '../app.js';
import { mark, TraceDraft } from '../draft.js';
import { MODELS } from '../models.js';
import { type TraceRecord } from '../record.js';
import { type Incident, MINUTE_MS } from '../rhythm.js';

/** The traces that somebody will look for: each happens once in a period, whatever the scale. */

interface IncidentTrace {
  readonly incident: Incident;
  readonly hourOfDay: number;
  readonly app: App['name'];
  readonly play: (start: SessionStart, draft: TraceDraft) => Outcome;
}

interface Outcome {
  readonly name: string;
  readonly userId: string;
  readonly tags: readonly string[];
  readonly input: unknown;
  readonly output: unknown;
}

const INCIDENTS: readonly IncidentTrace[] = [
  { incident: 'runaway', hourOfDay: 11, app: 'coding-agent', play: playRunaway },
  { incident: 'slowReport', hourOfDay: 4, app: 'knowledge-base', play: playSlowReport },
  { incident: 'dearReview', hourOfDay: 15, app: 'coding-agent', play: playDearReview },
];

/** The incident traces that start in the hour from `hourMs`. They come over OpenTelemetry. */
export function playIncidents(world: World, hourMs: number): { app: string; trace: TraceRecord }[] {
  return INCIDENTS.filter(({ incident, hourOfDay }) => world.rhythm.startsIn(incident, hourMs, hourOfDay)).map(
    ({ incident, app, play }) => {
      const random = world.random.fork('incident', incident, hourMs);
      // The same minute in every period, so that a period from any moment holds it once.
      const startMs = hourMs + world.random.fork('incident', incident).integer(2, 20) * MINUTE_MS;
      const id = random.hexId(32);
      const deployment = deploymentAt(world, app, 'production', startMs);
      const draft = new TraceDraft(random, world.rhythm, startMs, true);
      const outcome = play({ world, random, startMs }, draft);
      const trace = draft.finish({
        ...outcome,
        id,
        sessionId: `${app}-${random.hexId(16).slice(0, 12)}`,
        environment: 'production',
        release: deployment.release,
        version: deployment.version,
        metadata: { run_id: `run-${id.slice(0, 8)}` },
      });
      return { app, trace };
    },
  );
}

const LOOP_ROUNDS = 140;

/** An agent that gets the same answer to the same call again and again, until somebody pulls the plug. */
function playRunaway({ random }: SessionStart, draft: TraceDraft): Outcome {
  const request = 'Make the flaky checkout test stable.';
  const call = { name: 'run_tests', arguments: { path: 'checkout/pay.spec.ts' } };
  const failure = 'FAIL checkout/pay.spec.ts\n  ✕ pays once\n    Error: connect ECONNREFUSED 127.0.0.1:6379';
  draft.within({ type: 'AGENT', name: 'invoke_agent coder', input: request, stepType: 'planner' }, (agent) => {
    for (let round = 0; round < LOOP_ROUNDS; round += 1) {
      draft.call({
        name: 'next-step',
        model: MODELS.sonnet,
        messages: [
          {
            role: 'system',
            content: 'You are a coding agent. Run the tests after each change, and stop when they pass.',
          },
          { role: 'user', content: request },
          { role: 'tool', name: 'run_tests', content: failure },
        ],
        answer: 'The test still fails. I will run it once more to see whether it is flaky.',
        toolCalls: [call],
        prompt: { name: 'coder-system', version: 12 },
        cachedMessages: 2,
        // What it has said so far is sent each time.
        overheadTokens: 6200 + round * 160,
      });
      const step = draft.step(
        { type: 'TOOL', name: call.name, input: call.arguments, metadata: { loop_index: round } },
        random.around(6000, 0.2),
        failure,
      );
      mark(step, 'ERROR', 'exit code 1: connect ECONNREFUSED 127.0.0.1:6379');
    }
    mark(agent, 'ERROR', `stopped by the operator after ${LOOP_ROUNDS} identical calls of run_tests`);
    return { error: 'stopped by the operator' };
  });
  return {
    name: 'coding.task',
    userId: 'noah.kim',
    tags: ['fix-bug', 'failed', 'runaway'],
    input: request,
    output: { error: 'stopped by the operator' },
  };
}

/** A nightly report that waits for a lock of the warehouse for most of an hour. */
function playSlowReport({ random }: SessionStart, draft: TraceDraft): Outcome {
  const request = 'Weekly report: which questions could the handbook not answer?';
  const answer =
    'Of 1,284 questions 96 had no passage above the threshold. Most of them were about the new travel portal (41) and about shares (23). Both pages are drafts; publishing them would answer two thirds.';
  const sql = 'SELECT question, max(score) FROM retrievals WHERE day >= $1 GROUP BY question HAVING max(score) < 0.5';
  draft.within({ type: 'CHAIN', name: 'weekly-report', input: request, stepType: 'planner' }, (chain) => {
    const query = draft.step({ type: 'TOOL', name: 'query_warehouse', input: { sql } }, 44 * MINUTE_MS, { rows: 96 });
    mark(query, 'WARNING', 'waited 43 min for a lock held by the nightly load');
    mark(chain, 'WARNING', 'took 45 min, usually 2 min');
    for (const name of ['group-questions', 'write-report']) {
      draft.call({
        name,
        model: MODELS.qwen,
        fallback: MODELS.gpt4oMini,
        messages: [
          { role: 'system', content: 'You write short reports for the editors of the handbook.' },
          { role: 'user', content: request },
        ],
        answer,
        prompt: { name: 'handbook-report', version: 2 },
        overheadTokens: 9000,
      });
      draft.wait(random.around(400, 0.3));
    }
    return answer;
  });
  return {
    name: 'handbook.report',
    userId: 'svc-reports',
    tags: ['rag', 'report', 'nightly'],
    input: request,
    output: answer,
  };
}

/** Somebody had the largest model read a whole repository, file by file. */
function playDearReview({ random }: SessionStart, draft: TraceDraft): Outcome {
  const request = 'Review the whole repository for places where money is rounded.';
  const findings = [
    'billing/vat.ts rounds each line instead of the sum',
    'refunds/partial.ts loses half a cent per item',
  ];
  draft.within({ type: 'AGENT', name: 'invoke_agent reviewer', input: request, stepType: 'planner' }, () => {
    for (let part = 1; part <= 24; part += 1) {
      draft.call({
        name: 'read-part',
        model: MODELS.opus,
        messages: [
          {
            role: 'system',
            content: 'You review code. List every place where an amount of money is rounded, with file and line.',
          },
          { role: 'user', content: `Part ${part} of 24.` },
        ],
        answer: part % 9 === 0 ? `Found: ${findings[part / 9 - 1]}.` : 'Nothing in this part.',
        prompt: { name: 'reviewer', version: 4 },
        // Nothing is cached: each part is sent once.
        cachedMessages: 0,
        overheadTokens: random.integer(120_000, 185_000),
      });
    }
    return findings;
  });
  return {
    name: 'coding.review',
    userId: 'ingrid.berg',
    tags: ['review', 'shop-api'],
    input: request,
    output: findings,
  };
}
