import { toStorableText } from '../../domain/json.js';
import { DELTA_TEMPORALITY, type Series, seriesOf, type SeriesSuffix, TEMPORALITY_LABEL } from '../../domain/metric.js';
import { type Micros } from '../../domain/time.js';
import { MAX_QUANTILES } from './otlp.metrics.js';
import { type AttributeValue, type Attributes, type OtlpResource, type OtlpScope } from './otlp.span.js';
import { toText } from './otlp.values.js';

/**
 * Which series a data point belongs to. The labels of a series are, in this order of precedence: what the receiver adds
 * (`le`, `quantile`, `otel.temporality`), promoted attributes of the resource, the scope's name and attributes, and the
 * attributes of the point. An attribute of a point that loses its key to another value keeps it as `exported_<key>`, as
 * in Prometheus (scrape configuration, honor_labels). The scope's version is left out: it would begin every series anew
 * with each release.
 */

const LE = 'le';
const QUANTILE = 'quantile';
const RESERVED: ReadonlySet<string> = new Set([LE, QUANTILE, TEMPORALITY_LABEL]);
const DISPLACED = 'exported_';

/** Spellings and labels that are kept of each generation, in characters: some 40,000 series. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** What an entry takes besides its texts. */
const ENTRY_CHARACTERS = 300;

/** What all points of a scope share. */
export interface ScopeLabels {
  readonly labels: ReadonlyMap<string, string>;
  /** Different for different labels. */
  readonly spelling: string;
}

/** The labels that a resource and a scope give to their points; `promoted` names attributes of the resource, `*` all of them. */
export function labelsOfScope(resource: OtlpResource, scope: OtlpScope, promoted: readonly string[]): ScopeLabels {
  const labels = new Map<string, string>();
  const keys = promoted.includes('*') ? resource.attributes.keys() : promoted;
  for (const key of keys) addLabel(labels, key, resource.attributes.get(key));
  if (scope.name !== '') addLabel(labels, 'otel.scope.name', scope.name);
  for (const [key, value] of scope.attributes) {
    if (key !== 'name') addLabel(labels, `otel.scope.${key}`, value);
  }
  let spelling = '';
  for (const [key, text] of labels) spelling += `${key.length},${text.length},${key}${text}`;
  return { labels, spelling };
}

/** An empty AnyValue is as good as no attribute. */
function addLabel(labels: Map<string, string>, key: string, value: AttributeValue | undefined): void {
  if (value !== undefined && value !== null) labels.set(key, toStorableText(toText(value)));
}

function labelsOfPoint(base: ReadonlyMap<string, string>, attributes: Attributes): Map<string, string> {
  const labels = new Map(base);
  const displaced: string[] = [];
  for (const [key, value] of attributes) {
    if (RESERVED.has(key) || base.has(key)) displaced.push(key);
    else addLabel(labels, key, value);
  }
  // Sorted, so that the labels do not depend on the order of attributes.
  for (const key of displaced.sort()) {
    const value = attributes.get(key)!;
    if (value === null || base.get(key) === toStorableText(toText(value))) continue;
    let name = DISPLACED + key;
    while (labels.has(name)) name = DISPLACED + name;
    addLabel(labels, name, value);
  }
  return labels;
}

/** The series that the points of one metric with the same attributes fall apart into. Each is made when first asked for. */
export class SeriesFamily {
  private readonly plain = new Map<SeriesSuffix | '', Series>();
  private readonly quantiles = new Map<number, Series>();
  private bounds: readonly number[] = [];
  private buckets: readonly Series[] = [];
  /** By project: the start of its counters of which storage has the zero. */
  readonly starts = new Map<number, Micros>();

  constructor(
    private readonly name: string,
    private readonly labels: ReadonlyMap<string, string>,
    private readonly isDelta: boolean,
    private readonly onMade: (characters: number) => void,
  ) {}

  /**
   * The series `suffix` of the metric, the metric itself without one. `.min` and `.max` are no counters and so the same
   * whatever the temporality.
   * @throws InvalidInput naming `name` or `labels` when they exceed a limit.
   */
  series(suffix: SeriesSuffix | ''): Series {
    let series = this.plain.get(suffix);
    if (series === undefined) {
      const isCounter = suffix !== '.min' && suffix !== '.max';
      this.plain.set(suffix, (series = this.make(this.name + suffix, isCounter)));
    }
    return series;
  }

  quantile(quantile: number): Series {
    let series = this.quantiles.get(quantile);
    if (series === undefined) {
      // A sender with quantiles of its own in every point must not fill the memory.
      if (this.quantiles.size >= MAX_QUANTILES) this.quantiles.clear();
      this.quantiles.set(quantile, (series = this.make(this.name, false, [QUANTILE, String(quantile)])));
    }
    return series;
  }

  /** The series of all buckets with the given upper bounds, and of the one without (`+Inf`). */
  bucketSeries(bounds: readonly number[]): readonly Series[] {
    const isKnown =
      this.buckets.length === bounds.length + 1 && this.bounds.every((bound, i) => Object.is(bound, bounds[i]));
    if (!isKnown) {
      const texts = [...bounds.map(String), '+Inf'];
      this.buckets = texts.map((text) => this.make(`${this.name}.bucket`, true, [LE, text]));
      this.bounds = bounds;
    }
    return this.buckets;
  }

  private make(name: string, isCounter: boolean, label?: readonly [string, string]): Series {
    const labels = new Map(this.labels);
    if (label !== undefined) labels.set(...label);
    if (isCounter && this.isDelta) labels.set(TEMPORALITY_LABEL, DELTA_TEMPORALITY);
    // Object.fromEntries defines keys, `__proto__` included, where an assignment would call a setter.
    const series = seriesOf(name, Object.fromEntries(labels));
    this.onMade(series.labels.length + ENTRY_CHARACTERS);
    return series;
  }
}

/**
 * Remembers families, for exporters send the same series again and again and writers know a series by its object. Keeps
 * two generations of bounded size; what is not used during one is forgotten.
 */
export class SeriesMemory {
  private young = new Map<string, SeriesFamily>();
  private old = new Map<string, SeriesFamily>();
  private characters = 0;
  private readonly count = (characters: number): void => {
    this.characters += characters;
  };

  constructor(private readonly maxCharacters: number = MAX_CHARACTERS) {}

  family(scope: ScopeLabels, name: string, isDelta: boolean, attributes: Attributes): SeriesFamily {
    // As they were sent, in their order; the lengths and types keep different ones from becoming the same text.
    let spelling = `${isDelta ? 'd' : 'c'}${name.length},${name}${scope.spelling.length},${scope.spelling}`;
    for (const [key, value] of attributes) {
      const text = value === null ? '' : toText(value);
      spelling += `${key.length},${value === null ? 'n' : text.length},${key}${text}`;
    }
    const known = this.young.get(spelling);
    if (known !== undefined) return known;
    const family =
      this.old.get(spelling) ?? new SeriesFamily(name, labelsOfPoint(scope.labels, attributes), isDelta, this.count);
    if (this.characters > this.maxCharacters) {
      this.old = this.young;
      this.young = new Map();
      this.characters = 0;
    }
    this.characters += spelling.length + ENTRY_CHARACTERS;
    this.young.set(spelling, family);
    return family;
  }
}
