import { OpenAIInstrumentation } from '@traceloop/instrumentation-openai';
import OpenAI from 'openai';
import { converse, inTurn, makeProvider } from './common.mjs';

const provider = makeProvider();
const instrumentation = new OpenAIInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.manuallyInstrument(OpenAI);
await inTurn(() => converse(new OpenAI({ maxRetries: 0 })));
await provider.shutdown();
