/** One family of the Prometheus text format. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|NaN|[+-]Inf)$/i;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
  counter: [''],
  gauge: [''],
};

/**
 * Reads text format 0.0.4 and refuses what a scraper might forgive: samples before or outside of their family, families
 * and series that come twice, wrong escapes and numbers, counters that are negative or not called `_total`, histograms
 * whose buckets do not add up.
 */
export function parsePrometheusText(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let family: Family | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name, rest] = comment as unknown as [string, string, string, string];
      if (!new RegExp(`^${NAME}$`).test(name)) fail('no name of a metric');
      if (families.has(name)) fail('a family comes twice');
      if (kind === 'HELP') {
        help = { name, text: rest };
        family = undefined;
        continue;
      }
      if (help?.name !== name) fail('TYPE without HELP before it');
      if (SUFFIXES[rest] === undefined) fail('no type of a metric');
      if (rest === 'counter' && !name.endsWith('_total')) fail('a counter is called _total');
      families.set(name, (family = { name, type: rest, help: help!.text, samples: [] }));
      continue;
    }
    const sample = parseSample(line) ?? fail('neither comment nor sample');
    if (family === undefined) return fail('a sample outside of a family');
    const { name, type, samples } = family;
    if (!SUFFIXES[type]!.some((suffix) => sample.name === name + suffix)) fail(`not of ${name}`);
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) fail('a series comes twice');
    seen.add(key);
    if (type === 'counter' && !(sample.value >= 0 && Number.isFinite(sample.value))) fail('a counter that cannot be');
    samples.push(sample);
  }
  for (const each of families.values()) if (each.type === 'histogram') checkHistogram(each);
  return families;
}

function parseSample(line: string): Sample | undefined {
  const [, name, labelText, number] = SAMPLE.exec(line) ?? [];
  if (name === undefined || !NUMBER.test(number!)) return undefined;
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < (labelText ?? '').length) {
    const [, label, value] = LABEL.exec(labelText!) ?? [];
    if (label === undefined || Object.hasOwn(labels, label)) return undefined;
    labels[label] = value!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return { name, labels, value: number === '+Inf' ? Infinity : number === '-Inf' ? -Infinity : Number(number) };
}

function checkHistogram({ name, samples }: Family): void {
  const groups = new Map<string, { buckets: [number, number][]; sum?: number; count?: number }>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    const group = groups.get(key) ?? { buckets: [] };
    groups.set(key, group);
    if (sample.name.endsWith('_bucket')) group.buckets.push([le === '+Inf' ? Infinity : Number(le), sample.value]);
    else if (sample.name.endsWith('_sum')) group.sum = sample.value;
    else group.count = sample.value;
  }
  for (const [key, { buckets, sum, count }] of groups) {
    const isAscending = buckets.every(
      ([le, value], i) => i === 0 || (le > buckets[i - 1]![0] && value >= buckets[i - 1]![1]),
    );
    const [lastBound, lastValue] = buckets.at(-1) ?? [];
    if (!isAscending || lastBound !== Infinity || lastValue !== count || sum === undefined) {
      throw new Error(`the histogram ${name} ${key} does not add up`);
    }
  }
}

/** The value of one series; 0 where there is none. Histograms are asked for by `…_count`, `…_sum` or `…_bucket`. */
export function valueOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const family = families.get(name) ?? families.get(name.replace(/_(count|sum|bucket)$/, ''));
  const isMeant = (sample: Sample): boolean =>
    sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  return (family?.samples ?? []).filter(isMeant).reduce((sum, { value }) => sum + value, 0);
}
