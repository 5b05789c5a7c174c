import { ConsoleLogger } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import type { FastifyReply } from 'fastify';
import { Lifecycle } from '../../config/lifecycle.js';
import { DatabaseProbe } from '../../domain/database-probe.js';
import { HealthController } from './health.controller.js';
import { LangfuseHealthController } from './langfuse-health.controller.js';
import { ReadinessService } from './readiness.service.js';

class Probe extends DatabaseProbe {
  pings = 0;
  answer: () => Promise<void> = () => Promise.resolve();
  pending = 0;
  lastTraceMs = 0;

  override ping(): Promise<void> {
    this.pings += 1;
    return this.answer();
  }

  override pendingMigrations(): Promise<number> {
    return this.answer().then(() => this.pending);
  }

  override hasTraceSince(ms: number): Promise<boolean> {
    return this.answer().then(() => this.lastTraceMs >= ms);
  }
}

async function startHealth() {
  const probe = new Probe();
  const module = await Test.createTestingModule({
    imports: [TerminusModule.forRoot({ logger: false })],
    controllers: [HealthController, LangfuseHealthController],
    providers: [ReadinessService, Lifecycle, { provide: DatabaseProbe, useValue: probe }],
  })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile();
  const controller = module.get(HealthController);
  const getReadiness = async () => {
    let status = 200;
    const reply = { code: (code: number) => (status = code) } as unknown as FastifyReply;
    return { body: await controller.getReadiness(reply), status };
  };
  const langfuse = module.get(LangfuseHealthController);
  const getLangfuse = async (route: 'health' | 'ready', query: Record<string, string> = {}) => {
    let code = 200;
    const reply = { code: (given: number) => (code = given) } as unknown as FastifyReply;
    const { status } = await (route === 'health' ? langfuse.getHealth(query, reply) : langfuse.getReadiness(reply));
    return `${code} ${status}`;
  };
  return { probe, controller, lifecycle: module.get(Lifecycle), getReadiness, getLangfuse };
}

describe('health', () => {
  test('liveness tells the version and never asks the database', async () => {
    const { controller, probe } = await startHealth();
    expect(controller.getLiveness()).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptimeSeconds: expect.any(Number),
    });
    expect(probe.pings).toBe(0);
  });

  test('a server with a database and a current schema is ready', async () => {
    const { getReadiness } = await startHealth();
    expect(await getReadiness()).toEqual({
      status: 200,
      body: { status: 'ready', database: 'up', migrations: 'up', draining: false },
    });
  });

  test('without its database it is not, and tells strangers no more than that', async () => {
    const { getReadiness, probe } = await startHealth();
    probe.answer = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.5:5432'));
    expect(await getReadiness()).toEqual({
      status: 503,
      body: { status: 'not_ready', database: 'down', migrations: 'down', draining: false },
    });
  });

  test('a database that does not answer within a second counts as down', async () => {
    const { getReadiness, probe } = await startHealth();
    probe.answer = () => new Promise(() => {});
    const before = performance.now();
    expect(await getReadiness()).toMatchObject({ status: 503, body: { database: 'down' } });
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('with migrations pending it is not ready', async () => {
    const { getReadiness, probe } = await startHealth();
    probe.pending = 2;
    expect(await getReadiness()).toMatchObject({
      status: 503,
      body: { status: 'not_ready', database: 'up', migrations: 'down' },
    });
  });

  test('a draining server is not ready from that moment on', async () => {
    const { getReadiness, lifecycle } = await startHealth();
    expect((await getReadiness()).status).toBe(200);
    lifecycle.beginDraining();
    expect(await getReadiness()).toMatchObject({ status: 503, body: { status: 'not_ready', draining: true } });
  });

  test('however often it is asked, the database is asked a few times a second', async () => {
    const { getReadiness, probe } = await startHealth();
    await Promise.all(Array.from({ length: 100 }, getReadiness));
    for (let i = 0; i < 20; i += 1) await getReadiness();
    expect(probe.pings).toBeLessThanOrEqual(2);
  });

  describe('as Langfuse answers it', () => {
    test('says OK without asking the database, unless it is told to', async () => {
      const { probe, getLangfuse } = await startHealth();
      probe.answer = () => Promise.reject(new Error('away'));
      expect(await getLangfuse('health')).toBe('200 OK');
      expect(probe.pings).toBe(0);
      expect(await getLangfuse('health', { failIfDatabaseUnavailable: 'true' })).toBe('503 Database not available');
    });

    test('looks for traces of the last 3 minutes when it is told to', async () => {
      const { getLangfuse } = await startHealth();
      const query = { failIfNoRecentEvents: 'true' };
      expect(await getLangfuse('health', query)).toBe('503 No traces or observations within the last 3 minutes');
      const { probe: busy, getLangfuse: getBusy } = await startHealth();
      busy.lastTraceMs = Date.now() - 170_000;
      expect(await getBusy('health', query)).toBe('200 OK');
    });

    test('is ready as /readyz is, and 500 while the server stops', async () => {
      const { lifecycle, getLangfuse } = await startHealth();
      expect(await getLangfuse('ready')).toBe('200 OK');
      lifecycle.beginDraining();
      expect(await getLangfuse('ready')).toBe('500 Shutting down');
      const { probe, getLangfuse: getOther } = await startHealth();
      probe.answer = () => Promise.reject(new Error('away'));
      expect(await getOther('ready')).toBe('503 Database not available');
    });
  });
});
