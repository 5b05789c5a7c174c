import { type App, deploymentAt, pickEnvironment, pickUser, type SessionStart } from '../app.js';
import { type CallFields, type Message, mark, type ToolCall, type ToolFields, TraceDraft } from '../draft.js';
import { MODELS } from '../models.js';
import { type Random } from '../random.js';
import { type TraceRecord } from '../record.js';
import { REPOSITORIES, REVIEWER_PROMPT, SYSTEM_PROMPT, type Task, TASKS } from './coding-tasks.js';

const NAME = 'coding-agent';
/** Schemas of its tools and the rules of the repository. */
const OVERHEAD_TOKENS = 6200;
const REVIEW_OVERHEAD_TOKENS = 1900;

/** An agent that changes code: one trace a task, with a sub-agent that reviews, and test runs that fail and are mended. */
export const codingAgent: App = {
  name: NAME,
  door: 'otlp',
  sessionsPerHour: 4,
  playSession(start) {
    const { random } = start;
    const sessionId = `code-${random.hexId(16).slice(0, 12)}`;
    const job = { start, sessionId, userId: pickUser(random), repository: random.pick(REPOSITORIES) };
    const traces: TraceRecord[] = [];
    let atMs = start.startMs;
    const count = random.weighted([
      [1, 5],
      [2, 3],
      [3, 1],
    ]);
    for (let i = 0; i < count; i += 1) {
      const trace = new CodingRun(job, random.fork('task', i), random.pick(TASKS), atMs).play();
      traces.push(trace);
      atMs = trace.endMs + Math.round(random.around(180_000, 0.6));
    }
    return traces;
  },
};

interface Job {
  readonly start: SessionStart;
  readonly sessionId: string;
  readonly userId: string;
  readonly repository: string;
}

class CodingRun {
  private readonly draft: TraceDraft;
  private readonly model;
  private readonly messages: Message[];
  private known = 1;

  constructor(
    private readonly job: Job,
    private readonly random: Random,
    private readonly task: Task,
    atMs: number,
  ) {
    this.draft = new TraceDraft(random, job.start.world.rhythm, atMs, true);
    this.model = random.weighted([
      [MODELS.sonnet, 6],
      [MODELS.o4Mini, 2],
      [MODELS.qwen, 1],
    ]);
    this.messages = [
      { role: 'system', content: SYSTEM_PROMPT },
      { role: 'user', content: task.request },
    ];
  }

  play(): TraceRecord {
    const { draft, random, task, job } = this;
    const id = random.hexId(32);
    const environment = pickEnvironment(random);
    const deployment = deploymentAt(job.start.world, NAME, environment, draft.nowMs);
    const isStuck = random.chance(0.06);
    const tags = [task.name, job.repository];
    const output = draft.within(
      { type: 'AGENT', name: 'invoke_agent coder', input: task.request, stepType: 'planner' },
      (agent) => {
        this.think('plan', task.plan.map((step, i) => `${i + 1}. ${step}`).join('\n'));
        this.use({
          name: 'search_code',
          input: { query: task.search },
          output: [`${task.file}:12: ${task.search}`],
          durationMs: random.around(220, 0.6),
        });
        this.use({
          name: 'read_file',
          input: { path: task.file },
          output: task.source,
          durationMs: random.around(15, 0.5),
        });
        const repairs = isStuck
          ? 4
          : random.weighted([
              [0, 5],
              [1, 4],
              [2, 2],
            ]);
        for (let attempt = 0; ; attempt += 1) {
          this.use({
            name: 'apply_patch',
            input: { patch: task.patch },
            output: 'patched 1 file',
            durationMs: random.around(30, 0.4),
          });
          const isGreen = !isStuck && attempt >= repairs;
          this.runTests(isGreen);
          if (isGreen || attempt >= repairs) break;
        }
        if (isStuck) {
          mark(agent, 'ERROR', `gave up: ${task.test} still fails after ${repairs + 1} changes`);
          tags.push('failed');
          this.think('answer', `I could not get ${task.test} to pass. The last failure: ${task.failure}`);
          return `I could not get ${task.test} to pass and have undone my changes.`;
        }
        this.review();
        this.think('answer', task.summary);
        return task.summary;
      },
    );
    return draft.finish({
      id,
      name: 'coding.task',
      sessionId: job.sessionId,
      userId: job.userId,
      environment,
      release: deployment.release,
      version: deployment.version,
      tags,
      metadata: {
        run_id: `run-${id.slice(0, 8)}`,
        repository: job.repository,
        branch: `agent/${task.name}-${id.slice(0, 6)}`,
      },
      input: task.request,
      output,
    });
  }

  private think(name: string, answer: string, toolCalls?: readonly ToolCall[]): void {
    this.ask({ name, answer, ...(toolCalls === undefined ? {} : { toolCalls }) });
    this.messages.push({
      role: 'assistant',
      content: answer,
      ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
    });
  }

  private ask(fields: Pick<CallFields, 'name' | 'answer' | 'toolCalls'>): void {
    this.draft.call({
      model: this.model,
      fallback: MODELS.sonnet,
      messages: [...this.messages],
      prompt: { name: 'coder-system', version: 12 },
      temperature: 0.1,
      isStreamed: fields.name === 'answer',
      cachedMessages: this.known,
      overheadTokens: OVERHEAD_TOKENS,
      ...fields,
    });
    this.known = this.messages.length;
  }

  /** The model asks for a tool, the tool answers. */
  private use(tool: ToolFields): void {
    this.think('next-step', '', [{ name: tool.name, arguments: tool.input }]);
    this.draft.tool({
      ...tool,
      failure: this.random.chance(0.015) ? `${tool.name}: the sandbox did not answer within 10 s` : undefined,
    });
    this.messages.push({
      role: 'tool',
      name: tool.name,
      content: typeof tool.output === 'string' ? tool.output : JSON.stringify(tool.output),
    });
  }

  private runTests(isGreen: boolean): void {
    const { draft, random, task } = this;
    this.think('next-step', '', [{ name: 'run_tests', arguments: { path: task.test } }]);
    const output = isGreen ? `PASS ${task.test}\nTests: ${random.integer(4, 40)} passed` : task.failure;
    const step = draft.step(
      { type: 'TOOL', name: 'run_tests', input: { path: task.test } },
      random.around(9000, 0.5),
      output,
    );
    if (!isGreen) mark(step, 'ERROR', `exit code 1: ${task.failure.split('\n')[0]}`);
    this.messages.push({ role: 'tool', name: 'run_tests', content: output });
  }

  private review(): void {
    const { draft, task, random } = this;
    draft.within({ type: 'AGENT', name: 'invoke_agent reviewer', input: task.patch, stepType: 'handoff' }, () => {
      draft.tool({
        name: 'read_file',
        input: { path: task.file },
        output: task.source,
        durationMs: random.around(15, 0.5),
      });
      const verdict = random.chance(0.8)
        ? 'approve'
        : 'approve, but name the zone parameter after what it is: shopZone';
      draft.call({
        name: 'review',
        model: MODELS.haiku,
        messages: [
          { role: 'system', content: REVIEWER_PROMPT },
          { role: 'user', content: `${task.source}\n\n${task.patch}` },
        ],
        answer: verdict,
        prompt: { name: 'reviewer', version: 4 },
        temperature: 0,
        overheadTokens: REVIEW_OVERHEAD_TOKENS,
      });
      return verdict;
    });
  }
}
