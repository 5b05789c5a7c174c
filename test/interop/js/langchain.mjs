import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { LangfuseClient } from '@langfuse/client';
import { CallbackHandler } from '@langfuse/langchain';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { MODEL, QUESTION, SESSION, SYSTEM, TIME_QUESTION, TOOLS, USER, WEATHER_REPORT } from './common.mjs';

const provider = new NodeTracerProvider({ spanProcessors: [new LangfuseSpanProcessor()] });
provider.register();
const langfuse = new LangfuseClient();
const handler = new CallbackHandler({
  sessionId: SESSION,
  userId: USER,
  tags: ['weather'],
  traceMetadata: { plan: 'pro' },
});
const model = (fields) =>
  new ChatOpenAI({ model: MODEL, maxRetries: 0, configuration: { baseURL: process.env.OPENAI_BASE_URL }, ...fields });

// A prompt of the server, as a template that stays linked with the calls made with it.
await langfuse.prompt.create({
  name: 'langchain/time',
  type: 'chat',
  prompt: [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: '{{question}}' },
  ],
  labels: ['production'],
});
const stored = await langfuse.prompt.get('langchain/time', { type: 'chat' });
const template = ChatPromptTemplate.fromMessages(stored.getLangchainPrompt()).withConfig({
  metadata: { langfusePrompt: stored },
});
const callbacks = [handler];
for await (const _ of await template
  .pipe(model({ streaming: true, temperature: 0.5 }))
  .stream({ question: TIME_QUESTION }, { runName: 'answer', callbacks }));
console.log(handler.last_trace_id);
langfuse.score.create({ traceId: handler.last_trace_id, name: 'helpful', value: 0.75, comment: 'short' });

const get_weather = tool(() => WEATHER_REPORT, { name: 'get_weather', schema: TOOLS[0].function.parameters });
const agent = RunnableLambda.from(async (question, config) => {
  const calling = model().bindTools(TOOLS);
  const messages = [new SystemMessage(SYSTEM), new HumanMessage(question)];
  const asked = await calling.invoke(messages, config);
  const told = await get_weather.invoke(asked.tool_calls[0], config);
  const { content } = await calling.invoke([...messages, asked, told], config);
  await model()
    .invoke('Please fail.', { ...config, runName: 'failing' })
    .catch(() => undefined);
  return content;
});
await agent.invoke(QUESTION, { runName: 'agent', callbacks });
// What a chain throws is of the chain too.
await template
  .pipe(model())
  .invoke({ question: 'Please fail.' }, { runName: 'broken', callbacks })
  .catch(() => undefined);
await langfuse.shutdown();
await provider.shutdown();
