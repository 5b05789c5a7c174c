/** An export of one model call, and the answer to one that could be stored in part. */
export const TRACES_EXAMPLE = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'support-bot' } }] },
      scopeSpans: [
        {
          scope: { name: 'my-instrumentation', version: '1.0.0' },
          spans: [
            {
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
              name: 'chat gpt-4o-mini',
              kind: 3,
              startTimeUnixNano: '1767225600000000000',
              endTimeUnixNano: '1767225601250000000',
              attributes: [
                { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
                { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4o-mini' } },
                { key: 'gen_ai.usage.input_tokens', value: { intValue: '12' } },
                { key: 'gen_ai.usage.output_tokens', value: { intValue: '34' } },
                { key: 'session.id', value: { stringValue: 'chat-42' } },
              ],
              status: { code: 1 },
            },
          ],
        },
      ],
    },
  ],
};

export const TRACES_PARTIAL_EXAMPLE = {
  partialSuccess: {
    rejectedSpans: '1',
    errorMessage: '1 span: spanId must be 8 bytes (16 hex digits in JSON), not all zero (span 3 of the request)',
  },
};
