import { type ObservationType } from './observation.js';
import { runStateOf, toRunState } from './run-state.js';

describe('the state of a run', () => {
  test.each([
    ['waiting_tool', 'waiting_tool'],
    ['CANCELLED', 'cancelled'],
    ['completed', 'success'],
    ['failure', 'error'],
    ['200 OK', undefined],
    ['constructor', undefined],
  ])('the word %j says %s', (word, state) => {
    expect(toRunState(word)).toBe(state);
  });

  const agent = {
    type: 'AGENT' as ObservationType | null,
    runState: null,
    runId: null,
    parentObservationId: 'above',
    endTime: 1,
    level: null,
  };
  const topOfRun = { ...agent, type: 'SPAN' as const, runId: 'r', parentObservationId: null };

  test.each([
    ['a stated one goes before its end', { ...agent, runState: 'paused' as const }, 'paused'],
    ['an agent that ended', agent, 'success'],
    ['an agent that failed', { ...agent, level: 'ERROR' as const }, 'error'],
    ['an agent without an end', { ...agent, endTime: null }, 'running'],
    ['the top of a stated run', topOfRun, 'success'],
    ['an observation within a run', { ...topOfRun, parentObservationId: 'above' }, null],
    ['an event, which has no end', { ...topOfRun, type: 'EVENT' as const, endTime: null }, null],
    ['a root without a run', { ...topOfRun, runId: null }, null],
  ])('%s', (_, observation, state) => {
    expect(runStateOf(observation)).toBe(state);
  });
});
