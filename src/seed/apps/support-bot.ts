import { type App, day, deploymentAt, fill, pickEnvironment, pickUser, type SessionStart } from '../app.js';
import { type Message, mark, TraceDraft } from '../draft.js';
import { MODELS } from '../models.js';
import { type Random } from '../random.js';
import { type TraceRecord } from '../record.js';
import { DAY_MS } from '../rhythm.js';
import {
  CARRIERS,
  CITIES,
  FOLLOW_UPS,
  HANDBOOK,
  PRODUCTS,
  SYSTEM_PROMPT,
  type Topic,
  TOPICS,
} from './support-script.js';

const NAME = 'support-bot';
/** Schemas of its tools. */
const OVERHEAD_TOKENS = 1460;
const TOOL_FAILURES = [
  'order service: 503 Service Unavailable (upstream connect error)',
  'order service: deadline of 5000 ms exceeded',
  'could not decode the answer: unexpected end of JSON input',
];

type Values = Readonly<Record<string, string | number>>;

/** Chat of a shop with its customers: one session a conversation, one trace a turn. */
export const supportBot: App = {
  name: NAME,
  door: 'batch',
  sessionsPerHour: 13,
  playSession: (start) => new Conversation(start).play(),
};

class Conversation {
  private readonly random: Random;
  private readonly userId: string;
  private readonly environment: string;
  private readonly sessionId: string;
  private readonly topic: Topic;
  private readonly values: Values;
  private readonly model;
  private readonly messages: Message[] = [{ role: 'system', content: SYSTEM_PROMPT }];
  /** Messages that the model has been sent before. */
  private known = 1;

  constructor(private readonly start: SessionStart) {
    const random = (this.random = start.random);
    this.userId = pickUser(random);
    this.environment = pickEnvironment(random);
    this.sessionId = `support-${random.hexId(16).slice(0, 12)}`;
    this.topic = random.weighted(TOPICS.map((topic) => [topic, topic.weight]));
    this.values = makeValues(random, start.startMs);
    this.model = random.weighted([
      [MODELS.gpt4oMini, 6],
      [MODELS.gpt4o, 2],
      [MODELS.haiku, 3],
    ]);
  }

  play(): TraceRecord[] {
    const { random, topic, values } = this;
    const turns: [question: string, answer: string][] = [[random.pick(topic.questions), random.pick(topic.answers)]];
    const more = random.weighted([
      [0, 3],
      [1, 4],
      [2, 3],
      [3, 2],
    ]);
    // Follow-ups exist in English; other languages end after the answer.
    if (topic.language === 'en') {
      const start = random.integer(0, FOLLOW_UPS.length - 1);
      for (let i = 0; i < more; i += 1) turns.push([...FOLLOW_UPS[(start + i) % FOLLOW_UPS.length]!]);
    }
    const traces: TraceRecord[] = [];
    let atMs = this.start.startMs;
    turns.forEach(([question, answer], index) => {
      const trace = this.playTurn(index, atMs, fill(question, values), fill(answer, values));
      traces.push(trace);
      atMs = trace.endMs + Math.round(random.around(40_000, 0.7));
    });
    return traces;
  }

  private playTurn(index: number, atMs: number, question: string, answer: string): TraceRecord {
    const { topic, start, userId, environment, sessionId } = this;
    const random = this.random.fork('turn', index);
    const deployment = deploymentAt(start.world, NAME, environment, atMs);
    const prompt = { name: 'support-answer', version: (deployment.number % 40) + 1 };
    const id = random.uuid();
    const draft = new TraceDraft(random, start.world.rhythm, atMs, false);
    const tags = [topic.name, `lang:${topic.language}`];
    const isFirst = index === 0;
    this.messages.push({ role: 'user', content: question });

    draft.step({ type: 'GUARDRAIL', name: 'check-input', input: question }, random.around(18, 0.4), {
      verdict: 'pass',
      categories: [],
    });
    const output = draft.within(
      { type: 'AGENT', name: 'support-agent', input: question, stepType: 'planner' },
      (agent) => {
        if (isFirst && topic.chapter !== undefined) this.retrieve(draft, topic.chapter, question);
        const toolWorks = !isFirst || topic.tool === undefined || this.useTool(draft, topic.tool, prompt);
        if (!toolWorks) mark(agent, 'WARNING', 'answered without the order service');
        const said = toolWorks
          ? answer
          : 'I am sorry, I cannot reach our order system right now. I have noted your request and will write to you as soon as I know more.';
        if (!toolWorks) tags.push('degraded');
        const isWhole = draft.call({
          name: 'chat.generation',
          model: this.model,
          fallback: MODELS.haiku,
          messages: [...this.messages],
          answer: said,
          prompt,
          temperature: 0.4,
          isStreamed: true,
          cachedMessages: this.known,
          overheadTokens: OVERHEAD_TOKENS,
        });
        if (!isWhole) tags.push('cancelled');
        this.known = this.messages.length;
        this.messages.push({ role: 'assistant', content: said });
        return said;
      },
    );
    if (random.chance(0.12)) this.judge(draft, question, output);
    return draft.finish({
      id,
      name: 'chat.turn',
      sessionId,
      userId,
      environment,
      release: deployment.release,
      version: deployment.version,
      tags,
      metadata: {
        turn_id: `${sessionId}-${index + 1}`,
        run_id: `run-${id.slice(0, 8)}`,
        channel: random.pick(['web', 'app', 'mail']),
      },
      input: question,
      output,
    });
  }

  private retrieve(draft: TraceDraft, chapter: string, question: string): void {
    draft.within({ type: 'CHAIN', name: 'look-up-handbook', input: { query: question, chapter } }, () => {
      draft.embed(MODELS.embedding, [question]);
      const found = HANDBOOK[chapter]!.map((text, i) => ({
        id: `handbook/${chapter}#${i + 1}`,
        score: Math.round((0.91 - i * 0.07 - draft.random.between(0, 0.05)) * 1000) / 1000,
        text,
      }));
      draft.step(
        { type: 'RETRIEVER', name: 'search-handbook', input: { query: question, top_k: 3 } },
        draft.random.around(35, 0.5),
        found,
      );
      this.messages.push({ role: 'system', content: `Handbook:\n${found.map(({ text }) => text).join('\n')}` });
      return { documents: found.length };
    });
  }

  /** Lets the model choose the tool and calls it. Returns whether there is an answer to work with. */
  private useTool(
    draft: TraceDraft,
    tool: NonNullable<Topic['tool']>,
    prompt: { name: string; version: number },
  ): boolean {
    const { random } = draft;
    const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, this.values[name]]));
    const call = { name: tool.name, arguments: pick(tool.takes) };
    draft.call({
      name: 'choose-tool',
      model: this.model,
      fallback: MODELS.haiku,
      messages: [...this.messages],
      answer: '',
      toolCalls: [call],
      prompt,
      temperature: 0,
      cachedMessages: this.known,
      overheadTokens: OVERHEAD_TOKENS,
    });
    const failure = random.chance(0.05) ? random.pick(TOOL_FAILURES) : undefined;
    const output = pick(tool.gives);
    const works = draft.tool(
      { name: tool.name, input: call.arguments, output, durationMs: random.around(140, 0.6), failure },
      random.chance(0.3),
    );
    this.messages.push({ role: 'assistant', content: '', tool_calls: [call] });
    this.messages.push({ role: 'tool', name: tool.name, content: JSON.stringify(works ? output : { error: failure }) });
    return works;
  }

  /** A second model looks at a sample of the answers. */
  private judge(draft: TraceDraft, question: string, answer: string): void {
    draft.within({ type: 'EVALUATOR', name: 'judge-answer', input: { question, answer } }, () => {
      const score = draft.random.weighted([
        [5, 6],
        [4, 3],
        [3, 1],
        [2, 0.5],
      ]);
      const verdict = { helpful: score, grounded: score > 2 };
      draft.call({
        name: 'judge',
        model: MODELS.qwen,
        fallback: MODELS.gpt4oMini,
        messages: [
          {
            role: 'system',
            content:
              'Rate the answer from 1 to 5 for helpfulness and say whether it is grounded in the tools. Answer in JSON.',
          },
          { role: 'user', content: `Question: ${question}\nAnswer: ${answer}` },
        ],
        answer: JSON.stringify(verdict),
        prompt: { name: 'judge-helpfulness', version: 3 },
        temperature: 0,
      });
      return verdict;
    });
  }
}

function makeValues(random: Random, startMs: number): Values {
  const total = random.integer(39, 480);
  return {
    order: `FH-${random.integer(104_000, 989_999)}`,
    product: random.pick(PRODUCTS),
    city: random.pick(CITIES),
    carrier: random.pick(CARRIERS),
    arrival: day(startMs + random.integer(1, 4) * DAY_MS),
    label: `RET-${random.integer(10_000, 99_999)}`,
    status: random.pick(['in transit', 'out for delivery', 'at the sorting centre']),
    stock: random.integer(2, 30),
    total,
    refund: Math.round(total * 0.95),
  };
}
