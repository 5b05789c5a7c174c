import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import {
  inTurn,
  makeProvider,
  MODEL,
  QUESTION,
  SESSION,
  SYSTEM,
  TIME_QUESTION,
  USER,
  WEATHER_REPORT,
} from './common.mjs';

const provider = makeProvider();
const model = createOpenAI().chat(MODEL);
const inputSchema = jsonSchema({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] });
const get_weather = tool({ description: 'The weather of a city.', inputSchema, execute: async () => WEATHER_REPORT });
const experimental_telemetry = {
  isEnabled: true,
  functionId: 'weather',
  metadata: { sessionId: SESSION, userId: USER, tags: ['weather'] },
};
await inTurn(async () => {
  await generateText({
    model,
    system: SYSTEM,
    prompt: QUESTION,
    tools: { get_weather },
    stopWhen: stepCountIs(3),
    temperature: 0.5,
    experimental_telemetry,
  });
  const streamed = streamText({ model, prompt: TIME_QUESTION, experimental_telemetry });
  for await (const _ of streamed.textStream);
  await generateText({ model, prompt: 'Please fail.', maxRetries: 0, experimental_telemetry }).catch(() => undefined);
});
await provider.shutdown();
