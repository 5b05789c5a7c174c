import { type ObservationRecord, type TraceRecord } from '../record.js';

/** The body of a `POST /v1/l/batch` request that writes one trace whole. */
export function toBatchBody(app: string, trace: TraceRecord): string {
  const { id, name, sessionId, userId, environment, release, version, tags, input, output } = trace;
  return JSON.stringify({
    trace: {
      id,
      name,
      sessionId,
      userId,
      environment,
      release,
      version,
      tags,
      input,
      output,
      timestamp: iso(trace.startMs),
      metadata: { service: app, ...trace.metadata },
      // The time of the event, so that sending it again changes nothing.
      updatedAt: iso(trace.endMs),
    },
    observations: trace.observations.map((observation) => toObservation(trace, observation)),
  });
}

function toObservation(trace: TraceRecord, seen: ObservationRecord): object {
  const { call } = seen;
  return {
    id: seen.id,
    traceId: trace.id,
    parentObservationId: seen.parentId,
    type: seen.type,
    name: seen.name,
    startTime: iso(seen.startMs),
    endTime: iso(seen.endMs),
    updatedAt: iso(seen.endMs),
    level: seen.level,
    statusMessage: seen.statusMessage,
    input: seen.input,
    output: seen.output,
    metadata: call === undefined ? seen.metadata : { provider: call.provider, ...seen.metadata },
    environment: trace.environment,
    version: trace.version,
    ...(call === undefined
      ? {}
      : {
          model: call.model,
          modelParameters: call.parameters,
          completionStartTime: call.firstTokenMs === undefined ? undefined : iso(call.firstTokenMs),
          usage: {
            input: call.usage.input,
            output: call.usage.output,
            ...(call.usage.cached === 0 ? {} : { input_cached_tokens: call.usage.cached }),
            ...(call.usage.reasoning === 0 ? {} : { output_reasoning_tokens: call.usage.reasoning }),
          },
          calculatedInputCost: call.cost.input,
          calculatedOutputCost: call.cost.output,
          calculatedTotalCost: call.cost.total,
          promptName: call.prompt?.name,
          promptVersion: call.prompt === undefined ? undefined : String(call.prompt.version),
        }),
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
