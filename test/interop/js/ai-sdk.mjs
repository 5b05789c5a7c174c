import { converseByAiSdk } from './ai-sdk-turn.mjs';
import { inTurn, makeProvider, SESSION, USER } from './common.mjs';

const provider = makeProvider();
const metadata = { sessionId: SESSION, userId: USER, tags: ['weather'] };
await inTurn(() => converseByAiSdk({ isEnabled: true, functionId: 'weather', metadata }));
await provider.shutdown();
