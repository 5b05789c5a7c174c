import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import OpenAI from 'openai';
import { converse, inTurn, makeProvider } from './common.mjs';

const provider = makeProvider();
const instrumentation = new OpenAIInstrumentation({ tracerProvider: provider });
instrumentation.manuallyInstrument(OpenAI);
await inTurn(() => converse(new OpenAI({ maxRetries: 0 })));
await provider.shutdown();
