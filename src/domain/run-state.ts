import { type Observation, RUN_STATES, type RunState } from './observation.js';

/** Words of other systems: Google ADK (`adk.node.status`), OpenLLMetry (`gen_ai.task.status`) and common spellings. */
const WORDS: ReadonlyMap<string, RunState> = new Map<string, RunState>([
  ...RUN_STATES.map((state): [string, RunState] => [state, state]),
  ['pending', 'queued'],
  ['in_progress', 'running'],
  ['waiting', 'paused'],
  ['completed', 'success'],
  ['succeeded', 'success'],
  ['failed', 'error'],
  ['failure', 'error'],
  ['canceled', 'cancelled'],
  ['cancelled_by_user', 'cancelled'],
]);

/** The state that a client's word names, in any case; undefined for a word that is none. */
export function toRunState(word: string): RunState | undefined {
  return WORDS.get(word) ?? WORDS.get(word.toLowerCase());
}

type Run = Pick<Observation, 'runState' | 'type' | 'runId' | 'parentObservationId' | 'endTime' | 'level'>;

/**
 * How the run stands that an observation is: as stated, else by its end and level. Null for an observation that is no
 * run, which is one of an agent, or the topmost one where a run is stated.
 */
export function runStateOf(observation: Run): RunState | null {
  const { runState, type, runId, parentObservationId, endTime, level } = observation;
  if (runState !== null) return runState;
  const isTopOfRun = runId !== null && parentObservationId === null && type !== 'EVENT';
  if (type !== 'AGENT' && !isTopOfRun) return null;
  if (endTime === null) return 'running';
  return level === 'ERROR' ? 'error' : 'success';
}
