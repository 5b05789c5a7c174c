import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { completeOperations } from './openapi-operation.js';
import { DESCRIPTION, VERSION } from './version.js';

const ABOUT = `${DESCRIPTION}

Every call needs credentials, either \`Authorization: Bearer <token>\` or the Basic pair of public and secret key; both are
accepted everywhere. They belong to one project, and nobody sees another's. The settings name the first
(API_BEARER_TOKEN); API keys are made by the routes below Projects, and open what their scopes say. Writing is acknowledged only after it is committed, and may be repeated. Queries are
limited per credential (RATE_LIMIT_QPS, RATE_LIMIT_BURST): over the limit the answer is 429 with \`Retry-After\`.

To try the routes here, press Authorize, enter the token or the key pair, and send the example of \`POST /v1/l/batch\`:
the examples of the other routes ask for what it writes.`;

/** Order and meaning of the groups on the page; controllers name theirs with \`@ApiTags\`. */
const TAGS: readonly (readonly [name: string, description: string])[] = [
  ['OTLP', 'Takes spans, metrics and logs in from OpenTelemetry exporters (OTLP over HTTP).'],
  ['Ingestion', 'Takes traces in as batches of JSON.'],
  ['Traces', 'Lists and shows traces with their observations.'],
  ['Observations', 'Lists and shows units of work: model calls, tool calls, steps.'],
  ['Sessions', 'Groups traces into conversations.'],
  ['Scores', 'Evaluations of traces, observations, sessions and dataset runs.'],
  ['Logs', 'Lists log records, those of a trace among them.'],
  ['Datasets', 'Sets of examples, and the runs of an application over them.'],
  ['Prices', 'Tells what calls of models cost, and why.'],
  ['Media', 'Keeps the files that stand in inputs, outputs and metadata.'],
  ['Comments', 'What people write about traces, observations, sessions and prompts.'],
  ['Prompts', 'Keeps prompts in versions, for applications to fetch.'],
  ['Metrics', 'Takes points of time series in and aggregates them.'],
  ['Projects', 'What the credentials belong to, and the keys of projects.'],
  ['Operation', 'Liveness, readiness and counters.'],
];

/** The OpenAPI document of all routes that `app` has. Costs a walk over every controller: build it once. */
function buildOpenApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('xtrace')
    .setDescription(ABOUT)
    .setVersion(VERSION)
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'opaque',
        description: 'API_BEARER_TOKEN, or the secret of an API key',
      },
      'bearer',
    )
    .addBasicAuth({ type: 'http', scheme: 'basic', description: 'Public key and secret key' }, 'basic')
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('basic');
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build());
  completeOperations(document);
  return document;
}

/** Serves the page at /docs and the document at /docs/openapi.json, both without credentials: they hold no data. */
export function serveOpenApi(app: INestApplication): void {
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup('docs', app, () => (document ??= buildOpenApi(app)), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'xtrace API',
    swaggerOptions: { persistAuthorization: true },
  });
}
