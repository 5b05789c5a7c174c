import { observeOpenAI } from '@langfuse/openai';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation } from '@langfuse/tracing';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import OpenAI from 'openai';
import { converse, QUESTION, SESSION, USER, WEATHER_REPORT } from './common.mjs';

// LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL are what its own documentation asks for.
const processor = new LangfuseSpanProcessor();
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();
await startActiveObservation(
  'turn',
  async (turn) => {
    console.log(turn.traceId);
    turn.update({ input: QUESTION });
    await propagateAttributes({ sessionId: SESSION, userId: USER, tags: ['weather'] }, () =>
      converse(observeOpenAI(new OpenAI({ maxRetries: 0 }))),
    );
    turn.update({ output: WEATHER_REPORT });
  },
  { asType: 'agent' },
);
await provider.shutdown();
