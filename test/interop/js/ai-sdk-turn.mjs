import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { MODEL, QUESTION, SYSTEM, TIME_QUESTION, WEATHER_REPORT } from './common.mjs';

const inputSchema = jsonSchema({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] });
const get_weather = tool({ description: 'The weather of a city.', inputSchema, execute: async () => WEATHER_REPORT });

/** A turn with a tool, a streamed answer, and a failure, through the Vercel AI SDK. */
export async function converseByAiSdk(experimental_telemetry) {
  const model = createOpenAI().chat(MODEL);
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
}
