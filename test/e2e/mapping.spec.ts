import { aRequest, aSpan, attributes, SPAN_ID } from '../fixtures/otlp/wire.js';
import { type RunningServer } from '../support/server-process.js';
import { Api, BATCH, type JsonObject, OTLP, startE2eServer, uniqueId } from './support/api.js';

jest.setTimeout(60_000);

const TRACES = ['a1'.repeat(16), 'b2'.repeat(16)];

interface Mapping extends JsonObject {
  readonly fields: readonly (JsonObject & { readonly field: string })[];
}

describe('what an observation was within its session', () => {
  let server: RunningServer;
  let api: Api;

  beforeAll(async () => {
    server = await startE2eServer();
    api = new Api(server.url);
    const values = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'asked',
      'gen_ai.response.model': 'got',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.input.messages': '[{"role":"user"}]',
      'xtrace.run_id': 'run-1',
      'xtrace.run_status': 'waiting_tool',
      ttfb: 0.001,
      'xtrace.attempt_index': 2,
      'session.id': 'talk',
    };
    for (const traceId of TRACES) {
      const span = aSpan({ traceId, attributes: attributes(values) });
      await api.write(OTLP, aRequest([span], { name: 'my-instrumentation' }, undefined));
    }
  });
  afterAll(async () => {
    await server.stop();
  });

  it('is shown with a span, and its mapping tells where it comes from', async () => {
    const trace = (await api.get(`/api/public/traces/${TRACES[0]}`)).json() as { observations: JsonObject[] };
    expect(trace.observations[0]).toMatchObject({
      model: 'got',
      requestedModel: 'asked',
      provider: 'openai',
      finishReason: 'stop',
      runId: 'run-1',
      runState: 'waiting_tool',
      attemptIndex: 2,
      turnId: null,
      stepType: 'llm_call',
    });

    const answer = await api.get(`/api/public/observations/${SPAN_ID}/mapping?traceId=${TRACES[0]}`);
    const mapping = answer.json() as Mapping;
    expect(mapping).toMatchObject({ observationId: SPAN_ID, traceId: TRACES[0], source: 'otlp', notes: [] });
    const field = (name: string) => mapping.fields.find((one) => one.field === name);
    expect(field('model')).toMatchObject({ value: 'got', filledBy: 'gen_ai.response.model' });
    expect(field('runId')).toMatchObject({ value: 'run-1', filledBy: 'xtrace.run_id', lost: [] });
    expect(field('runState')).toMatchObject({ value: 'waiting_tool', filledBy: 'xtrace.run_status' });
    expect(field('completionStartTime')).toMatchObject({ filledBy: 'ttfb', lost: [] });
    expect(field('input')).toMatchObject({ filledBy: 'gen_ai.input.messages' });
    expect(field('trace.sessionId')).toMatchObject({ value: 'talk', filledBy: 'session.id' });
    expect(field('turnId')).toMatchObject({ value: null, filledBy: null });
    expect(field('turnId')!['wouldBeFilledBy']).toContain('xtrace.turn_id');
  });

  it('has a mapping by id alone only where one trace has the id', async () => {
    const answer = await api.get(`/api/public/observations/${SPAN_ID}/mapping`);
    expect(answer.status).toBe(400);
    expect(answer.json()['message']).toContain('traceId is needed');
    expect((await api.get('/api/public/observations/none/mapping')).status).toBe(404);
    expect((await api.get(`/api/public/observations/${SPAN_ID}/mapping?traceId=none`)).status).toBe(404);
  });

  it('is read from the metadata of the batch protocol too, where the mapping says that there is none', async () => {
    const id = uniqueId('step');
    const traceId = uniqueId('run');
    const metadata = { turn_id: 't-1', runId: 'r-1', step_type: 'handoff', attempt_index: -1, tool_name: 'search' };
    await api.write(BATCH, { observations: [{ id, traceId, metadata }] });
    const trace = (await api.get(`/api/public/traces/${traceId}`)).json() as { observations: JsonObject[] };
    expect(trace.observations[0]).toMatchObject({
      turnId: 't-1',
      runId: 'r-1',
      stepType: 'handoff',
      attemptIndex: null,
      toolName: 'search',
      metadata,
    });
    const mapping = (await api.get(`/api/public/observations/${id}/mapping`)).json() as Mapping;
    expect(mapping).toMatchObject({ source: 'other', fields: [] });
    expect(mapping['notes']).toEqual([expect.stringContaining('did not come as an OpenTelemetry span')]);
  });
});
