/** Bodies for the documentation of the metrics route. Their times are of the start of the server: older points are refused. */

const NOW_MS = Date.now();
const nanos = (secondsAgo: number) => String(BigInt(NOW_MS - secondsAgo * 1000) * 1_000_000n);
const POINT_TIMES = { startTimeUnixNano: nanos(60), timeUnixNano: nanos(0) };

export const METRICS_EXAMPLE = {
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'support-bot' } }] },
      scopeMetrics: [
        {
          scope: { name: 'my-instrumentation', version: '1.0.0' },
          metrics: [
            {
              name: 'gen_ai.client.token.usage',
              unit: '{token}',
              histogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    attributes: [
                      { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4o-mini' } },
                      { key: 'gen_ai.token.type', value: { stringValue: 'input' } },
                    ],
                    ...POINT_TIMES,
                    count: '3',
                    sum: 530,
                    bucketCounts: ['0', '1', '2'],
                    explicitBounds: [64, 256],
                    exemplars: [
                      {
                        timeUnixNano: nanos(30),
                        asInt: '410',
                        traceId: '5b8efff798038103d269b633813fc60c',
                        spanId: 'eee19b7ec3c1b174',
                      },
                    ],
                  },
                ],
              },
            },
            {
              name: 'queue.length',
              gauge: { dataPoints: [{ timeUnixNano: POINT_TIMES.timeUnixNano, asInt: '7' }] },
            },
          ],
        },
      ],
    },
  ],
};

export const METRICS_PARTIAL_EXAMPLE = {
  partialSuccess: {
    rejectedDataPoints: '1',
    errorMessage: '1 data point: value must be a finite number, got NaN (data point 4 of the request)',
  },
};
