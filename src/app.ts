import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, type AppOptions } from './app.module.js';
import { createServer } from './http/server.js';

/**
 * The whole application, not listening yet: `main.ts` and every test build it here, and only here. Connects to the
 * database and brings its schema up to date while it is built.
 */
export function createApp(options: AppOptions): Promise<NestFastifyApplication> {
  return createServer(AppModule.forRoot(options), options.config);
}
