import { type Random } from './random.js';
import { type TraceRecord } from './record.js';
import { DAY_MS, HOUR_MS, type Rhythm } from './rhythm.js';

/** What all applications share: time, users, deployments. */
export interface World {
  readonly random: Random;
  readonly rhythm: Rhythm;
}

/** An application whose work is traced. */
export interface App {
  /** As `service.name` has it. */
  readonly name: string;
  /** Through which door of the server its traces come. */
  readonly door: 'batch' | 'otlp';
  /** Sessions an hour at a demand of 1. */
  readonly sessionsPerHour: number;
  /** All turns of a session that starts at `startMs`, in order. A function of its arguments alone. */
  playSession(session: SessionStart): TraceRecord[];
}

export interface SessionStart {
  readonly world: World;
  /** Of this session alone. */
  readonly random: Random;
  readonly startMs: number;
}

export interface Deployment {
  /** Short hash of the commit. */
  readonly release: string;
  readonly version: string;
  /** Grows with the deployments; prompts are changed with them. */
  readonly number: number;
}

const FIRST_NAMES = [
  'maria',
  'jonas',
  'aiko',
  'priya',
  'liam',
  'chloe',
  'mateo',
  'ingrid',
  'omar',
  'sofia',
  'noah',
  'yuki',
];
const LAST_NAMES = [
  'lopez',
  'weber',
  'tanaka',
  'sharma',
  'murphy',
  'dubois',
  'rossi',
  'berg',
  'haddad',
  'novak',
  'kim',
];
const USERS = FIRST_NAMES.flatMap((first) => LAST_NAMES.map((last) => `${first}.${last}`));
const DEPLOYMENT_MS = 2.4 * DAY_MS;

/** Some users come often, most seldom. */
export function pickUser(random: Random): string {
  return USERS[Math.floor(USERS.length * random.next() ** 2.2)]!;
}

export function pickEnvironment(random: Random): 'production' | 'staging' {
  return random.chance(0.14) ? 'staging' : 'production';
}

/** What of `app` ran at a time. Staging is a deployment ahead. */
export function deploymentAt({ random }: World, app: string, environment: string, timeMs: number): Deployment {
  const offsetMs = random.fork('deployment', app).next() * DEPLOYMENT_MS;
  const number = Math.floor((timeMs + offsetMs) / DEPLOYMENT_MS) + (environment === 'staging' ? 1 : 0);
  const release = random.fork('release', app, number).hexId(16).slice(0, 7);
  return { release, version: `2.${number % 100}.0`, number };
}

/** Start times of the sessions of `app` that begin in the hour from `hourMs`. */
export function sessionStarts(world: World, app: App, hourMs: number, scale: number): SessionStart[] {
  const random = world.random.fork('sessions', app.name, hourMs / HOUR_MS);
  const count = random.round(app.sessionsPerHour * scale * world.rhythm.demandAt(hourMs + HOUR_MS / 2));
  return Array.from({ length: count }, (_, index) => ({
    world,
    random: random.fork(index),
    startMs: hourMs + Math.floor(random.next() * HOUR_MS),
  }));
}

/** Puts values into `{places}` of a text. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The day of a time in UTC: `2026-11-20`. */
export function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
