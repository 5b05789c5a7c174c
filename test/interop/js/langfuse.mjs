import { LangfuseClient } from '@langfuse/client';
import { observeOpenAI } from '@langfuse/openai';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation } from '@langfuse/tracing';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import OpenAI from 'openai';
import { converse, MODEL, QUESTION, SESSION, TIME_QUESTION, USER, WEATHER_REPORT } from './common.mjs';

// LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL are what its own documentation asks for.
const processor = new LangfuseSpanProcessor();
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();
const openai = new OpenAI({ maxRetries: 0 });
const langfuse = new LangfuseClient();
await langfuse.prompt.create({ name: 'openai/time', prompt: 'Answer: {{question}}' });
await langfuse.prompt.create({ name: 'openai/time', prompt: '{{question}}', labels: ['production'] });
const langfusePrompt = await langfuse.prompt.get('openai/time');

/** The other calls of the package, one made with a prompt of the server. */
async function ask() {
  const observed = observeOpenAI(openai, { langfusePrompt, generationName: 'time', generationMetadata: { step: 1 } });
  const input = langfusePrompt.compile({ question: TIME_QUESTION });
  await observed.responses.create({ model: MODEL, input });
  const other = observeOpenAI(openai);
  for await (const _ of await other.responses.create({ model: MODEL, input, stream: true }));
  await other.embeddings.create({ model: 'text-embedding-3-small', input: QUESTION });
}

await startActiveObservation(
  'turn',
  async (turn) => {
    console.log(turn.traceId);
    turn.update({ input: QUESTION });
    await propagateAttributes({ sessionId: SESSION, userId: USER, tags: ['weather'] }, async () => {
      await converse(observeOpenAI(openai));
      await ask();
    });
    langfuse.score.trace(turn, { name: 'helpful', value: 0.75 });
    langfuse.score.observation(turn, { name: 'tone', value: 'friendly', dataType: 'CATEGORICAL' });
    turn.update({ output: WEATHER_REPORT });
  },
  { asType: 'agent' },
);
await langfuse.shutdown();
await provider.shutdown();
