import { type App, deploymentAt, pickEnvironment, pickUser } from '../app.js';
import { TraceDraft } from '../draft.js';
import { MODELS } from '../models.js';

const NAME = 'knowledge-base';
const SYSTEM_PROMPT =
  'You answer questions of employees from the company handbook. Use only the passages below and name the page after each sentence. ' +
  'If the passages do not answer the question, say so and name the team that can.';
/** Passages that are put into the prompt, and the rules of how to quote them. */
const OVERHEAD_TOKENS = 900;

interface Question {
  readonly area: string;
  readonly question: string;
  readonly passages: readonly (readonly [page: string, text: string])[];
  readonly answer: string;
}

const QUESTIONS: readonly Question[] = [
  {
    area: 'hr',
    question: 'How many days of parental leave can I take, and when do I have to say so?',
    passages: [
      [
        'people/parental-leave',
        'Parents may take up to 36 months per child, 24 of them until the eighth birthday. Tell People Operations in writing seven weeks before it starts.',
      ],
      ['people/part-time', 'During parental leave up to 32 hours a week are possible if the team lead agrees.'],
      ['people/holidays', 'Holidays that were not taken before parental leave are kept until the year after its end.'],
    ],
    answer:
      'You can take up to 36 months per child, 24 of them until the eighth birthday (people/parental-leave). Write to People Operations at least seven weeks before it starts (people/parental-leave). Up to 32 hours of work a week are possible meanwhile (people/part-time).',
  },
  {
    area: 'it',
    question: 'My laptop was stolen on the train. What do I have to do first?',
    passages: [
      [
        'it/lost-devices',
        'Call the service desk at once, day or night; the device is locked and wiped from there. Then report the theft to the police and send the case number.',
      ],
      ['it/replacement', 'A replacement is ready at the next office within one working day.'],
      [
        'security/incidents',
        'A lost device with customer data is a security incident and is reported within 24 hours.',
      ],
    ],
    answer:
      'Call the service desk at once; they lock and wipe the device (it/lost-devices). Report the theft to the police and send in the case number (it/lost-devices). If customer data was on it, the security team has to know within 24 hours (security/incidents). A replacement is ready within one working day (it/replacement).',
  },
  {
    area: 'finance',
    question: 'Which class may I book on a nine-hour flight to the supplier in Taipei?',
    passages: [
      [
        'finance/travel',
        'Flights above eight hours may be booked in premium economy. Business class needs the approval of a director.',
      ],
      ['finance/expenses', 'Receipts are handed in within 30 days. Meals are paid by the daily rates of the country.'],
    ],
    answer:
      'Nine hours are above the limit of eight, so premium economy is fine; business class needs the approval of a director (finance/travel). Hand in the receipts within 30 days (finance/expenses).',
  },
  {
    area: 'engineering',
    question: 'Who approves a change of the production database, and how far ahead?',
    passages: [
      [
        'engineering/changes',
        'Schema changes are reviewed by two people, one of them from the platform team. They are announced a working day ahead in #changes.',
      ],
      ['engineering/on-call', 'During a freeze only the incident lead may approve changes.'],
      ['engineering/rollback', 'Each change has a way back that was tried on staging.'],
    ],
    answer:
      'Two people review it, one of them from the platform team, and it is announced a working day ahead in #changes (engineering/changes). It needs a way back that was tried on staging (engineering/rollback). During a freeze only the incident lead decides (engineering/on-call).',
  },
  {
    area: 'hr',
    question: '育児休業から戻るとき、勤務時間を短くできますか。',
    passages: [
      ['people/part-time', '復職後は週20時間から勤務時間を選べます。開始の4週間前までに上長と人事に申請してください。'],
    ],
    answer: 'はい、復職後は週20時間から選べます。開始の4週間前までに上長と人事へ申請してください（people/part-time）。',
  },
];

/** Questions to a handbook: embedding, search, ranking and answer, all on the company's own GPUs but for the vectors. */
export const knowledgeBase: App = {
  name: NAME,
  door: 'batch',
  sessionsPerHour: 12,
  playSession({ world, random, startMs }) {
    const { area, question, passages, answer } = random.pick(QUESTIONS);
    const environment = pickEnvironment(random);
    const deployment = deploymentAt(world, NAME, environment, startMs);
    const id = random.uuid();
    const userId = pickUser(random);
    const draft = new TraceDraft(random, world.rhythm, startMs, false);
    const output = draft.within(
      { type: 'CHAIN', name: 'answer-question', input: question, stepType: 'planner' },
      () => {
        draft.embed(random.chance(0.7) ? MODELS.bge : MODELS.embedding, [question]);
        const found = passages.map(([page, text], i) => ({
          id: page,
          score: Math.round((0.88 - 0.08 * i - random.between(0, 0.06)) * 1000) / 1000,
          text,
        }));
        draft.step(
          { type: 'RETRIEVER', name: 'search-handbook', input: { query: question, top_k: 20, filter: { area } } },
          random.around(45, 0.5),
          found,
        );
        draft.step(
          { type: 'SPAN', name: 'rerank', input: { query: question, candidates: 20 } },
          random.around(60, 0.4),
          {
            kept: found.map(({ id }) => id),
          },
        );
        const messages = [
          { role: 'system' as const, content: SYSTEM_PROMPT },
          { role: 'system' as const, content: found.map(({ id, text }) => `[${id}] ${text}`).join('\n') },
          { role: 'user' as const, content: question },
        ];
        draft.call({
          name: 'answer',
          model: random.chance(0.8) ? MODELS.qwen : MODELS.llama,
          fallback: MODELS.gpt4oMini,
          messages,
          answer,
          prompt: { name: 'handbook-answer', version: (deployment.number % 20) + 1 },
          temperature: 0.1,
          isStreamed: true,
          overheadTokens: OVERHEAD_TOKENS,
        });
        return answer;
      },
    );
    const trace = draft.finish({
      id,
      name: 'handbook.question',
      // Questions stand alone, but a person who asks several on a day sees them as one list.
      sessionId: `handbook-${userId}-${new Date(startMs).toISOString().slice(0, 10)}`,
      userId,
      environment,
      release: deployment.release,
      version: deployment.version,
      tags: ['rag', area],
      metadata: { run_id: `run-${id.slice(0, 8)}`, area, index: 'handbook-2026-10' },
      input: question,
      output,
    });
    return [trace];
  },
};
