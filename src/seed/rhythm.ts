import { type Random } from './random.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Demand by hour of the day in UTC, of customers in Europe and America: quiet at night, two humps in daytime. */
const BY_HOUR = [
  0.22, 0.16, 0.12, 0.1, 0.11, 0.17, 0.3, 0.5, 0.74, 0.9, 0.97, 0.92, 0.84, 0.9, 1, 0.98, 0.93, 0.85, 0.76, 0.66, 0.58,
  0.48, 0.38, 0.29,
];
const WEEKEND = 0.45;
/** How much more than usual comes in during a rush. */
const RUSH = 1.7;
const RUSH_START_HOUR = 14;
const RUSH_HOURS = 1.5;
const HEAT_START_HOUR = 9;
const HEAT_HOURS = 2;

/** Days whose number since the Unix epoch leaves this remainder have the named incident; of seven days, 0 is a Thursday. */
const INCIDENT_DAY = { slowReport: 0, dearReview: 1, heat: 4, rush: 5, runaway: 6 } as const;

/** What happens once in a period: `at` is when. */
export type Incident = keyof typeof INCIDENT_DAY;

/**
 * When how much happens: one account for traces and time series alike, so that the queue of the model servers grows in
 * the hour in which their answers get slow. Everything is a function of the absolute time, so that two runs agree on the
 * hours that they share.
 */
export class Rhythm {
  private readonly dayFactors = new Map<number, number>();

  /** @param periodDays each incident happens once in so many days. */
  constructor(
    private readonly random: Random,
    private readonly periodDays: number,
  ) {}

  /** How much is asked for, 1 at noon of a working day; up to 2 in a rush. */
  demandAt(timeMs: number): number {
    const day = Math.floor(timeMs / DAY_MS);
    const hour = (timeMs - day * DAY_MS) / HOUR_MS;
    const from = Math.floor(hour);
    const curve = BY_HOUR[from]! + (BY_HOUR[(from + 1) % 24]! - BY_HOUR[from]!) * (hour - from);
    return curve * this.factorOf(day) * (this.isRush(timeMs) ? RUSH : 1);
  }

  /** A rush of customers: the model servers queue, answers are slow, calls time out. */
  isRush(timeMs: number): boolean {
    return this.isWithin('rush', RUSH_START_HOUR, RUSH_HOURS, timeMs);
  }

  /** The cooling of one node fails: its GPUs slow themselves down. */
  isHot(timeMs: number): boolean {
    return this.isWithin('heat', HEAT_START_HOUR, HEAT_HOURS, timeMs);
  }

  /** Whether `incident` starts in the hour that starts at `hourMs`. */
  startsIn(incident: Incident, hourMs: number, hourOfDay: number): boolean {
    const day = Math.floor(hourMs / DAY_MS);
    return this.isDayOf(incident, day) && (hourMs - day * DAY_MS) / HOUR_MS === hourOfDay;
  }

  private isWithin(incident: Incident, startHour: number, hours: number, timeMs: number): boolean {
    const day = Math.floor(timeMs / DAY_MS);
    const hour = (timeMs - day * DAY_MS) / HOUR_MS;
    return this.isDayOf(incident, day) && hour >= startHour && hour < startHour + hours;
  }

  private isDayOf(incident: Incident, day: number): boolean {
    return day % this.periodDays === INCIDENT_DAY[incident] % this.periodDays;
  }

  private factorOf(day: number): number {
    let factor = this.dayFactors.get(day);
    if (factor === undefined) {
      // 1970-01-01 was a Thursday.
      const weekday = (day + 4) % 7;
      const usual = weekday === 0 || weekday === 6 ? WEEKEND : 1;
      this.dayFactors.set(day, (factor = usual * this.random.fork('day', day).between(0.9, 1.1)));
    }
    return factor;
  }
}
