/** An export of one message of a model call, and the answer to one that could be stored in part. */
export const LOGS_EXAMPLE = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'support-bot' } }] },
      scopeLogs: [
        {
          scope: { name: 'opentelemetry.instrumentation.openai_v2' },
          logRecords: [
            {
              timeUnixNano: '1767225600100000000',
              severityNumber: 9,
              eventName: 'gen_ai.user.message',
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
              attributes: [{ key: 'gen_ai.system', value: { stringValue: 'openai' } }],
              body: { kvlistValue: { values: [{ key: 'content', value: { stringValue: 'Where is my order?' } }] } },
            },
          ],
        },
      ],
    },
  ],
};

export const LOGS_PARTIAL_EXAMPLE = {
  partialSuccess: {
    rejectedLogRecords: '1',
    errorMessage: '1 log record: body must be an object, got a string (log record 3 of the request)',
  },
};
