import { Random } from '../support/messages.js';

/**
 * The one workload of all measurements: the same seed gives the same traces. Observations carry about 3.2 KB of payload
 * (input 1.95 KB on average, 3 % of them 20 KB; output 0.8 KB; metadata 0.5 KB), eight to a trace. Never change it to
 * reach a figure: old results would no longer compare.
 */
export const OBSERVATIONS_PER_TRACE = 8;

export interface Workload {
  readonly seed: number;
  /** Traces start in this range, in order. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly traces: number;
}

export interface GeneratedTrace {
  readonly id: string;
  readonly name: string;
  readonly timestamp: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly tags: readonly string[];
  readonly environment: string;
  readonly release: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface GeneratedObservation {
  readonly id: string;
  readonly traceId: string;
  readonly parentObservationId?: string;
  readonly type: string;
  readonly name: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly completionStartTime?: string;
  readonly model?: string;
  readonly modelParameters?: Readonly<Record<string, unknown>>;
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly level: string;
  readonly statusMessage?: string;
  readonly environment: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Generated {
  readonly trace: GeneratedTrace;
  readonly observations: readonly GeneratedObservation[];
}

export const MODELS = [
  'gpt-4.1-mini',
  'gpt-4.1',
  'claude-sonnet-4-5',
  'qwen2.5-72b-instruct',
  'llama-3.3-70b',
  'deepseek-v3',
];
export const TRACE_NAMES = [
  'chat.turn',
  'support.answer',
  'search.query',
  'code.review',
  'summary.daily',
  'agent.plan',
  'agent.research',
  'mail.draft',
  'invoice.extract',
  'translate.document',
  'sql.assistant',
  'moderation.check',
];
export const TAGS = Array.from({ length: 20 }, (_, i) => `team-${i}`);
const STEPS = [
  ['CHAIN', 'chat.run'],
  ['GENERATION', 'chat.plan'],
  ['RETRIEVER', 'agent.retrieval'],
  ['GENERATION', 'chat.generation'],
  ['TOOL', 'agent.tool'],
  ['GENERATION', 'chat.generation'],
  ['TOOL', 'agent.tool'],
  ['GENERATION', 'chat.answer'],
] as const;

export const USERS = 2000;
const TRACES_PER_SESSION = 4;
const CORPUS_CHARACTERS = 4_000_000;

/** Traces of the workload, one after the other; equal for equal arguments. */
export function* generate(workload: Workload): Generator<Generated> {
  const random = new Random(workload.seed);
  const corpus = makeCorpus(new Random(workload.seed + 1));
  for (let t = 0; t < workload.traces; t += 1) {
    const startMs = workload.fromMs + Math.floor(((workload.toMs - workload.fromMs) * t) / workload.traces);
    yield generateTrace(random, corpus, workload.seed, t, startMs);
  }
}

export function userIdOf(n: number): string {
  return `user-${String(n).padStart(4, '0')}`;
}

function sessionIdOf(seed: number, n: number): string {
  // The last eight digits are for whoever sends it again as another session.
  return `session-${seed.toString(16)}-${n.toString(16)}-00000000`;
}

function generateTrace(random: Random, corpus: string, seed: number, t: number, startMs: number): Generated {
  const traceId = hexId(random, 32);
  const session = Math.floor(t / TRACES_PER_SESSION);
  const environment = random.chance(0.8) ? 'production' : 'staging';
  const observations: GeneratedObservation[] = [];
  let rootId: string | undefined;
  let atMs = startMs;
  for (const [type, name] of STEPS) {
    const id = hexId(random, 16);
    const durationMs = 20 + random.below(3000);
    const isGeneration = type === 'GENERATION';
    const inputTokens = 200 + random.below(4000);
    const outputTokens = 20 + random.below(600);
    const failed = random.chance(0.02);
    observations.push({
      id,
      traceId,
      ...(rootId === undefined ? {} : { parentObservationId: rootId }),
      type,
      name,
      startTime: new Date(atMs).toISOString(),
      endTime: new Date(atMs + durationMs).toISOString(),
      ...(isGeneration
        ? {
            completionStartTime: new Date(atMs + Math.floor(durationMs / 4)).toISOString(),
            model: random.pick(MODELS),
            modelParameters: { temperature: random.below(10) / 10, max_tokens: 1024 },
            usage: { input: inputTokens, output: outputTokens, total: inputTokens + outputTokens, unit: 'TOKENS' },
          }
        : {}),
      level: failed ? 'ERROR' : 'DEFAULT',
      ...(failed ? { statusMessage: 'upstream answered 503' } : {}),
      environment,
      input: inputOf(random, corpus),
      output: { role: 'assistant', content: slice(random, corpus, 270 + random.below(1000)) },
      metadata: metadataOf(random, corpus, session, t),
    });
    rootId ??= id;
    atMs += 1 + random.below(500);
  }
  const trace: GeneratedTrace = {
    id: traceId,
    name: random.pick(TRACE_NAMES),
    timestamp: new Date(startMs).toISOString(),
    // Both of fixed width, so that request bodies can be made new in place.
    sessionId: sessionIdOf(seed, session),
    userId: userIdOf(random.below(USERS)),
    tags: [...new Set(Array.from({ length: random.below(4) }, () => random.pick(TAGS)))],
    environment,
    release: `2026.${1 + random.below(11)}`,
    input: { question: slice(random, corpus, 120 + random.below(200)) },
    output: { answer: slice(random, corpus, 200 + random.below(400)) },
    metadata: { turn_id: `turn-${t}`, app: 'bench' },
  };
  return { trace, observations };
}

/** 1.95 KB on average: 97 % of 1.39 KB and 3 % of 20 KB. */
function inputOf(random: Random, corpus: string): unknown {
  const characters = random.chance(0.03) ? 20_000 : 690 + random.below(1400);
  const system = Math.min(300, characters >> 1);
  return [
    { role: 'system', content: slice(random, corpus, system) },
    { role: 'user', content: slice(random, corpus, characters - system) },
  ];
}

/** 0.5 KB: what frameworks attach to every step. */
function metadataOf(random: Random, corpus: string, session: number, t: number): Record<string, unknown> {
  return {
    run_id: `run-${session}-${t}`,
    step_id: hexId(random, 16),
    step_type: 'llm_call',
    attempt_index: 0,
    'gateway.region': random.pick(['eu-west-1', 'us-east-1', 'ap-south-1']),
    'gateway.request_id': hexId(random, 32),
    'client.sdk': 'xtrace-py/0.4.1',
    'resource.attributes': { 'service.name': 'assistant', 'host.name': `node-${random.below(40)}`, 'process.pid': t },
    note: slice(random, corpus, 190),
  };
}

function slice(random: Random, corpus: string, characters: number): string {
  const start = random.below(corpus.length - characters);
  return corpus.slice(start, start + characters);
}

const HEX = '0123456789abcdef';

function hexId(random: Random, digits: number): string {
  let id = '';
  for (let i = 0; i < digits; i += 1) id += HEX[random.below(16)];
  return id;
}

/**
 * English-like prose with numbers, quotes and line breaks. Word frequencies fall as in real text, so that it compresses
 * about as well as real text does: a repeated constant would flatter every figure.
 */
function makeCorpus(random: Random): string {
  const words = makeVocabulary(random, 4000);
  const parts: string[] = [];
  let length = 0;
  let inSentence = 0;
  while (length < CORPUS_CHARACTERS) {
    // Zipf by inversion: rank ~ n^u for uniform u.
    const rank = Math.floor(words.length ** random.next()) - 1;
    let word = random.chance(0.03) ? String(random.below(100_000)) : words[rank]!;
    if (inSentence === 0) word = word[0]!.toUpperCase() + word.slice(1);
    inSentence += 1;
    const ends = inSentence > 5 && random.chance(0.12);
    const separator = ends ? (random.chance(0.15) ? '.\n' : '. ') : random.chance(0.06) ? ', ' : ' ';
    if (ends) inSentence = 0;
    parts.push(word, separator);
    length += word.length + separator.length;
  }
  return parts.join('');
}

function makeVocabulary(random: Random, size: number): string[] {
  const common =
    'the of and to a in is that it for was on are as with be this have from or by not but what all were when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people my than first water been call who its now find long down day did get come made may part'.split(
      ' ',
    );
  const onsets = [
    'b',
    'c',
    'd',
    'f',
    'g',
    'l',
    'm',
    'n',
    'p',
    'pr',
    'r',
    's',
    'st',
    't',
    'tr',
    'v',
    'w',
    'ch',
    'sh',
    '',
  ];
  const nuclei = ['a', 'e', 'i', 'o', 'u', 'ea', 'ou', 'io', 'ai'];
  const codas = ['', 'n', 'r', 's', 't', 'l', 'm', 'nd', 'nt', 'ck', 'ss', 'ng'];
  const words = new Set(common);
  while (words.size < size) {
    let word = '';
    for (let n = 1 + random.below(3); n > 0; n -= 1)
      word += random.pick(onsets) + random.pick(nuclei) + random.pick(codas);
    if (word.length > 2) words.add(word);
  }
  return [...words];
}
