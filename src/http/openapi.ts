import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { completeOperations } from './openapi-operation.js';
import { inReadingOrder } from './openapi-order.js';
import { DESCRIPTION, VERSION } from './version.js';

const ABOUT = `${DESCRIPTION}

**To try the routes here**, press Authorize, enter the token or the key pair, and send the example of \`POST /v1/l/batch\`:
traces, observations, sessions and sums then show what it wrote. Elsewhere, send the example of the route that writes first.

**Credentials.** Every call needs them, either \`Authorization: Bearer <token>\` or the Basic pair of public and secret key;
both are accepted everywhere. They belong to one project, and nobody sees another's. Those of the settings
(\`API_BEARER_TOKEN\`) may do everything; API keys, made by the routes below Projects, open what their scopes say.

**Writing** is acknowledged only after it is committed, and may be repeated. **Queries** are limited per credential
(\`RATE_LIMIT_QPS\`, \`RATE_LIMIT_BURST\`): over the limit the answer is 429 with \`Retry-After\`.`;

/** Order and meaning of the groups on the page; controllers name theirs with \`@ApiTags\`. */
const TAGS: readonly (readonly [name: string, description: string])[] = [
  ['OTLP', 'Takes spans, metrics and logs in from OpenTelemetry exporters (OTLP over HTTP).'],
  ['Ingestion', 'Takes traces in as JSON: batches of xtrace, and events of Langfuse SDKs.'],
  ['Traces', 'Lists, shows and deletes traces with their observations.'],
  ['Observations', 'Lists and shows units of work: model calls, tool calls, steps.'],
  ['Sessions', 'Groups traces into conversations.'],
  ['Logs', 'Lists log records, those of a trace among them.'],
  ['Analytics', 'Sums, means and percentiles over traces, observations and scores.'],
  ['Scores', 'Evaluations of traces, observations, sessions and dataset runs.'],
  ['Comments', 'What people write about traces, observations, sessions and prompts.'],
  ['Media', 'Keeps the files that stand in inputs, outputs and metadata.'],
  ['Prompts', 'Keeps prompts in versions, for applications to fetch.'],
  ['Datasets', 'Sets of examples, the runs of an application over them, and experiments.'],
  ['Metrics', 'Takes points of time series in and aggregates them.'],
  ['Prices', 'Tells what calls of models cost, and why.'],
  ['Projects', 'What the credentials belong to, and the keys of projects.'],
  ['Operation', 'Liveness, readiness, counters, and what was sent of late.'],
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
        description: 'The token that the first start printed, API_BEARER_TOKEN, or the secret of an API key.',
      },
      'bearer',
    )
    .addBasicAuth(
      { type: 'http', scheme: 'basic', description: 'The public key as user name, the secret key as password.' },
      'basic',
    )
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('basic');
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build());
  completeOperations(document);
  document.paths = inReadingOrder(document.paths);
  return document;
}

/** Serves the page at /docs and the document at /docs/openapi.json, both without credentials: they hold no data. */
export function serveOpenApi(app: INestApplication): void {
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup('docs', app, () => (document ??= buildOpenApi(app)), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'xtrace API',
    // The schemas are read in their routes; below them a list of all would only be long.
    swaggerOptions: { persistAuthorization: true, filter: true, defaultModelsExpandDepth: 0 },
  });
}
