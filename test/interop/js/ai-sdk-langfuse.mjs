import { LangfuseClient } from '@langfuse/client';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation } from '@langfuse/tracing';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { converseByAiSdk } from './ai-sdk-turn.mjs';
import { SESSION, USER } from './common.mjs';

// As Langfuse documents it for the Vercel AI SDK: its exporter, and the prompt in the metadata of the telemetry.
const provider = new NodeTracerProvider({ spanProcessors: [new LangfuseSpanProcessor()] });
provider.register();
const langfuse = new LangfuseClient();
await langfuse.prompt.create({ name: 'ai-sdk/weather', prompt: 'Answer in one sentence.', labels: ['production'] });
const prompt = await langfuse.prompt.get('ai-sdk/weather');
const metadata = { langfusePrompt: prompt.toJSON() };
await propagateAttributes({ sessionId: SESSION, userId: USER, tags: ['weather'], traceName: 'weather' }, () =>
  startActiveObservation('turn', () => converseByAiSdk({ isEnabled: true, functionId: 'weather', metadata })),
);
await langfuse.shutdown();
await provider.shutdown();
