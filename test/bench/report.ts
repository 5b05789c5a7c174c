import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../support/server-process.js';

export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Figure {
  readonly stage: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal;
  readonly note?: string;
}

/** What a run measured and what went wrong; printed as it comes, kept as JSON. */
export class Report {
  readonly header: Record<string, unknown> = {};
  readonly figures: Figure[] = [];
  readonly faults: string[] = [];

  add(stage: string, name: string, value: number, unit: string, more: { goal?: Goal; note?: string } = {}): void {
    const figure = { stage, name, value, unit, ...more };
    this.figures.push(figure);
    console.log(line(figure));
  }

  /** Something that is wrong, not slow: lost rows, errors. Makes the run fail. */
  fault(text: string): void {
    this.faults.push(text);
    console.log(`  WRONG: ${text}`);
  }

  find(stage: string, name: string): number | undefined {
    return this.figures.find((figure) => figure.stage === stage && figure.name === name)?.value;
  }

  /** Writes the JSON and prints the goals; returns where the JSON is. */
  finish(startedAt: Date): string {
    const folder = join(PROJECT_ROOT, 'bench-results');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${startedAt.toISOString().replaceAll(':', '-')}.json`);
    const { header, figures, faults } = this;
    writeFileSync(path, `${JSON.stringify({ startedAt, header, figures, faults }, undefined, 2)}\n`);
    console.log('\nGoals');
    for (const figure of figures) if (figure.goal !== undefined) console.log(line(figure));
    for (const fault of faults) console.log(`  WRONG: ${fault}`);
    return path;
  }
}

function line({ stage, name, value, unit, goal, note }: Figure): string {
  const shown = `${format(value)} ${unit}`;
  const judged =
    goal === undefined ? '' : `  ${isReached(value, goal) ? 'reached' : 'SHORT  '} (goal ${describe(goal)})`;
  return `  ${stage.padEnd(10)} ${name.padEnd(46)} ${shown.padStart(18)}${judged}${note === undefined ? '' : `  ${note}`}`;
}

function isReached(value: number, goal: Goal): boolean {
  return value <= (goal.atMost ?? Infinity) && value >= (goal.atLeast ?? -Infinity);
}

function describe(goal: Goal): string {
  return goal.atMost === undefined ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`;
}

function format(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
}

/** The value below which `share` of `values` lie (nearest rank); NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}
