import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  type INestApplication,
  Module,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, parseConfig } from '../../src/config/config.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { InvalidInput, NotFound, OverCapacity, Unavailable } from '../../src/domain/errors.js';
import { type ApiKey, KEY_SCOPES, KeyDirectory, type KeyScope } from '../../src/domain/api-key.js';
import { type Project, ProjectDirectory } from '../../src/domain/project.js';
import { OpenInCompat, Public } from '../../src/http/auth/public.decorator.js';
import { RequireScope } from '../../src/http/auth/require-scope.decorator.js';
import { HttpModule } from '../../src/http/http.module.js';
import { InFlightBytes } from '../../src/http/in-flight-bytes.js';
import { CurrentProject } from '../../src/http/project.decorator.js';
import type { QueryString } from '../../src/http/query.js';
import { createServer } from '../../src/http/server.js';
import { QueryRoute } from '../../src/http/throttle/query-route.decorator.js';
import { WriteRoute } from '../../src/http/write-route.js';

export const TOKEN = 'test-token-0123456789';
export const PUBLIC_KEY = 'pk-test';
const SECRET_KEY = 'sk-test-0123456789';
export const BEARER = { authorization: `Bearer ${TOKEN}` };
export const BASIC = { authorization: `Basic ${Buffer.from(`${PUBLIC_KEY}:${SECRET_KEY}`).toString('base64')}` };
export const ENVELOPE = '/v1/l/batch';
export const OTLP = '/api/public/otel/v1/traces';

/** What the write routes of the test received, and a way to keep them from answering. */
export class Received {
  readonly bodies: Buffer[] = [];
  private gate: Promise<void> = Promise.resolve();
  private openGate = (): void => {};

  hold(): void {
    this.gate = new Promise((resolve) => (this.openGate = resolve));
  }

  letGo(): void {
    this.openGate();
  }

  async take(body: Buffer): Promise<{ isBuffer: boolean; length: number }> {
    this.bodies.push(body);
    await this.gate;
    return { isBuffer: Buffer.isBuffer(body), length: body.length };
  }
}

class Projects extends ProjectDirectory {
  override defaultProject(): Project {
    return { no: 1, id: 'test-project' };
  }
}

/** Keys of another project, each found by the words that name what it opens: `read,admin` and a secret `of read,admin`. */
class Keys extends KeyDirectory {
  override findByPair(publicKey: string, secretKey: string): ApiKey | undefined {
    return secretKey === `of ${publicKey}` ? this.findByPublicKey(publicKey) : undefined;
  }

  override findBySecret(secretKey: string): ApiKey | undefined {
    return secretKey.startsWith('of ') ? this.findByPublicKey(secretKey.slice(3)) : undefined;
  }

  override findByPublicKey(publicKey: string): ApiKey | undefined {
    const scopes = publicKey.split(',') as KeyScope[];
    if (!scopes.every((scope) => KEY_SCOPES.includes(scope))) return undefined;
    return { id: `key for ${publicKey}`, project: { no: 2, id: 'other-project' }, scopes };
  }
}

@Controller()
class WriteController {
  constructor(private readonly received: Received) {}

  @Post('v1/l/batch')
  @WriteRoute({ door: 'batch', errors: 'envelope', overCapacity: 429 })
  batch(@Body() body: Buffer) {
    return this.received.take(body);
  }

  @Post('api/public/otel/v1/traces')
  @WriteRoute({ door: 'otlp', errors: 'rpc-status', overCapacity: 503 })
  otlp(@Body() body: Buffer) {
    return this.received.take(body);
  }

  @Post('v1/full')
  @WriteRoute({ door: 'otlp', errors: 'rpc-status', overCapacity: 503 })
  full() {
    throw new OverCapacity('The write queue is full', 2);
  }

  @Post('v1/stopping')
  @WriteRoute({ door: 'otlp', errors: 'rpc-status', overCapacity: 503 })
  stopping() {
    throw new Unavailable('The server is stopping', 3);
  }
}

@Controller()
class ReadController {
  @Get('api/public/open')
  @Public()
  open() {
    return { open: true };
  }

  @Get('api/public/project')
  project(@CurrentProject() project: Project) {
    return { id: project.id };
  }

  @Get('api/public/projects')
  @OpenInCompat()
  projects(@CurrentProject() project: Project) {
    return { id: project.id };
  }

  @Get('api/public/things/:id')
  thing(@Param('id') id: string) {
    if (id === 'missing') throw new NotFound('There is no thing missing');
    return { id };
  }

  @Get('v1/things/:id')
  plainThing(@Param('id') id: string) {
    if (id === 'bad') throw new InvalidInput('id is bad', 'id');
    if (id === 'crash') throw new Error('password=hunter2');
    return { id };
  }

  @Delete('v1/things/:id')
  deleteThing(@Param('id') id: string, @Body() body: unknown) {
    return { id, hasBody: body !== undefined };
  }

  @Get('api/public/query')
  @QueryRoute()
  query(@Query() query: QueryString) {
    return { keys: Object.keys(query), query };
  }

  @Get('api/public/other-query')
  @QueryRoute()
  otherQuery() {
    return {};
  }

  @Get('api/public/text')
  @Header('content-type', 'text/plain')
  text() {
    return 'text';
  }

  @Post('api/public/scores-of-test')
  @RequireScope('scores')
  scores() {
    return {};
  }

  @Post('api/public/json')
  json(@Body() body: unknown) {
    return { body };
  }
}

/** A server with the routes above, without a database. */
export interface HttpTestApp {
  readonly app: NestFastifyApplication;
  readonly received: Received;
  readonly inFlight: InFlightBytes;
}

const CONFIGURED = {
  NODE_ENV: 'test',
  API_BEARER_TOKEN: TOKEN,
  XTRACE_PUBLIC_KEY: PUBLIC_KEY,
  XTRACE_SECRET_KEY: SECRET_KEY,
  LOG_LEVEL: 'error',
  XTRACE_DATA_DIR: '/nonexistent',
};

export async function startHttpApp(env: Record<string, string> = {}): Promise<HttpTestApp> {
  const config: Config = parseConfig({ ...CONFIGURED, ...env });
  const received = new Received();

  @Module({
    providers: [
      { provide: ProjectDirectory, useClass: Projects },
      { provide: KeyDirectory, useClass: Keys },
    ],
    exports: [ProjectDirectory, KeyDirectory],
  })
  class ProjectsModule {}

  @Module({})
  class TestModule {}

  const credentials = { bearerToken: TOKEN, publicKey: PUBLIC_KEY, secretKey: SECRET_KEY };
  const root = {
    module: TestModule,
    imports: [
      ConfigModule.forRoot(config, { host: 'none', port: 1, user: 'none', database: 'none' }),
      HttpModule.forRoot({ credentials, imports: [ProjectsModule] }),
    ],
    controllers: [WriteController, ReadController],
    providers: [{ provide: Received, useValue: received }],
  };
  const app = await createServer(root, config);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return { app, received, inFlight: (app as INestApplication).get(InFlightBytes) };
}
