import { type Micros } from './time.js';

/** Widths of buckets of time, all in UTC; a week starts on Monday. */
export const GRANULARITIES = ['minute', 'hour', 'day', 'week', 'month'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** The Unix epoch was a Thursday. */
const FIRST_MONDAY = 4 * DAY;

/** What `auto` stands for over a range (Langfuse API, metrics): up to some hundred buckets. */
export function granularityOf(from: Micros, to: Micros): Granularity {
  const hours = (to - from) / HOUR;
  if (hours < 2) return 'minute';
  if (hours < 72) return 'hour';
  if (hours < 1440) return 'day';
  return hours < 8760 ? 'week' : 'month';
}

/** Start of the bucket that `time` lies in. */
export function bucketStart(time: Micros, granularity: Granularity): Micros {
  switch (granularity) {
    case 'minute':
      return floor(time, MINUTE);
    case 'hour':
      return floor(time, HOUR);
    case 'day':
      return floor(time, DAY);
    case 'week':
      return floor(time - FIRST_MONDAY, WEEK) + FIRST_MONDAY;
    case 'month': {
      const date = new Date(Math.floor(time / 1000));
      return monthStart(date.getUTCFullYear(), date.getUTCMonth());
    }
  }
}

/** Start of the bucket after the one that starts at `start`. */
export function nextBucket(start: Micros, granularity: Granularity): Micros {
  switch (granularity) {
    case 'minute':
      return start + MINUTE;
    case 'hour':
      return start + HOUR;
    case 'day':
      return start + DAY;
    case 'week':
      return start + WEEK;
    case 'month': {
      const date = new Date(start / 1000);
      return monthStart(date.getUTCFullYear(), date.getUTCMonth() + 1);
    }
  }
}

/** Buckets that a range touches. */
export function countBuckets(from: Micros, to: Micros, granularity: Granularity): number {
  const [first, last] = [bucketStart(from, granularity), bucketStart(to, granularity)];
  if (granularity !== 'month') return (last - first) / (nextBucket(first, granularity) - first) + 1;
  const months = (start: Micros): number => {
    const date = new Date(start / 1000);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  };
  return months(last) - months(first) + 1;
}

function floor(time: Micros, width: number): Micros {
  return Math.floor(time / width) * width;
}

function monthStart(year: number, month: number): Micros {
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month, 1);
  return date.getTime() * 1000;
}
