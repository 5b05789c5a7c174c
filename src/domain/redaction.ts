import { type ExperimentRef } from './experiment.js';
import { type IngestBatch } from './ingest-batch.js';
import { type JsonText } from './json.js';
import { type LogRecord } from './log.js';
import { type Point, type PointBatch, type Series } from './metric.js';
import { type ObservationPatch } from './observation.js';
import { type ScoreBatch, type ScorePatch } from './score.js';
import { cleanJson, holdsNothing, type Scope } from './secret-json.js';
import { SecretKeys } from './secret-key.js';
import { SecretScreen } from './secret-screen.js';
import { cleanText, REDACTED } from './secret-text.js';
import { type TracePatch } from './trace.js';

/** With 4,096 known keys it bounds what is remembered: 16 MB. */
const MAX_REMEMBERED_LENGTH = 2048;

type Metadata = ReadonlyMap<string, JsonText>;

/**
 * The one gate before everything that keeps data: a patch or point passes it before it is queued, so that no table,
 * no quarantine and no log sees what it takes out. It works on single messages, before they are merged, so that any order
 * of them still gives the same rows. Why it looks where it looks: ops/docs/adr/012-redaction-before-the-queue.md.
 *
 * Metadata, model parameters, labels and log records: values of secret names however deep, and secrets in texts. Names, status messages
 * and tags, and what scores say: secrets in texts. Input and output: headers and credentials of well-known makers. Ids are never touched.
 */
export class Redactor {
  private readonly keys: SecretKeys;
  private readonly screen: SecretScreen;
  private redacted = 0;

  /** @param addedKeys names besides the built-in ones, see {@link SecretKeys} */
  constructor(addedKeys: readonly string[] = []) {
    this.keys = new SecretKeys(addedKeys);
    this.screen = new SecretScreen(this.keys.addedWords);
  }

  /** Secrets taken out since the start; those of a message that is sent again count again. */
  get redactedCount(): number {
    return this.redacted;
  }

  /** `batch` without secrets; patches that hold none stay the same objects. */
  redactBatch(batch: IngestBatch): IngestBatch {
    const traces = replaceSome(batch.traces, (patch) => this.redactTrace(patch));
    const observations = replaceSome(batch.observations, (patch) => this.redactObservation(patch));
    const logs = batch.logs === undefined ? undefined : replaceSome(batch.logs, (log) => this.redactLog(log));
    const isSame = traces === batch.traces && observations === batch.observations && logs === batch.logs;
    return isSame ? batch : { ...batch, traces, observations, logs };
  }

  /** `batch` without secrets in labels. Series that differed only there become one. */
  redactPoints(batch: PointBatch): PointBatch {
    const known = new Map<Series, Series>();
    const points = replaceSome(batch.points, (point): Point => {
      let series = known.get(point.series);
      if (series === undefined) known.set(point.series, (series = this.redactSeries(point.series)));
      return series === point.series ? point : { ...point, series };
    });
    return points === batch.points ? batch : { ...batch, points };
  }

  /** `batch` without secrets in names, comments, texts and metadata. */
  redactScores(batch: ScoreBatch): ScoreBatch {
    const scores = replaceSome(batch.scores, (patch) => this.redactScore(patch));
    return scores === batch.scores ? batch : { ...batch, scores };
  }

  private redactScore(patch: ScorePatch): ScorePatch {
    const name = this.redactText(patch.name);
    const value = typeof patch.value === 'string' ? this.redactText(patch.value) : patch.value;
    const comment = this.redactText(patch.comment);
    const metadata = patch.metadata === undefined ? undefined : this.redactJson(patch.metadata, 'metadata');
    const isSame =
      name === patch.name && value === patch.value && comment === patch.comment && metadata === patch.metadata;
    return isSame ? patch : { ...patch, name, value, comment, metadata };
  }

  private redactSeries(series: Series): Series {
    const labels = this.redactJson(series.labels, 'metadata');
    return labels === series.labels ? series : { name: series.name, labels };
  }

  private redactTrace(patch: TracePatch): TracePatch {
    const name = this.redactText(patch.name);
    const release = this.redactText(patch.release);
    const version = this.redactText(patch.version);
    const tags = patch.tags === undefined ? undefined : replaceSome(patch.tags, (tag) => this.redactText(tag));
    const input = this.redactContent(patch.input);
    const output = this.redactContent(patch.output);
    const metadata = this.redactMetadata(patch.metadata);
    const isSame =
      name === patch.name &&
      release === patch.release &&
      version === patch.version &&
      tags === patch.tags &&
      input === patch.input &&
      output === patch.output &&
      metadata === patch.metadata;
    return isSame ? patch : { ...patch, name, release, version, tags, input, output, metadata };
  }

  private redactObservation(patch: ObservationPatch): ObservationPatch {
    const name = this.redactText(patch.name);
    const statusMessage = this.redactText(patch.statusMessage);
    const model = this.redactText(patch.model);
    const version = this.redactText(patch.version);
    const promptName = this.redactText(patch.promptName);
    const experiment = this.redactExperiment(patch.experiment);
    const stated = patch.modelParameters;
    const modelParameters = typeof stated === 'string' ? this.redactJson(stated, 'metadata') : stated;
    const input = this.redactContent(patch.input);
    const output = this.redactContent(patch.output);
    const metadata = this.redactMetadata(patch.metadata);
    const isSame =
      name === patch.name &&
      statusMessage === patch.statusMessage &&
      model === patch.model &&
      version === patch.version &&
      promptName === patch.promptName &&
      experiment === patch.experiment &&
      modelParameters === patch.modelParameters &&
      input === patch.input &&
      output === patch.output &&
      metadata === patch.metadata;
    if (isSame) return patch;
    const texts = { name, statusMessage, model, version, promptName, experiment };
    return { ...patch, ...texts, modelParameters, input, output, metadata };
  }

  private redactExperiment<T extends ExperimentRef | null | undefined>(ref: T): T | ExperimentRef {
    const name = this.redactText(ref?.name);
    return name === undefined || name === ref?.name ? ref : { ...ref!, name };
  }

  /** A body is read by a person: what is taken out of names and status messages is taken out of it too. */
  private redactLog(log: LogRecord): LogRecord {
    const severityText = this.redactText(log.severityText);
    const eventName = this.redactText(log.eventName);
    const body = this.redactOrNull(log.body);
    const attributes = this.redactOrNull(log.attributes);
    const scope = this.redactOrNull(log.scope);
    const resource = this.redactOrNull(log.resource);
    const content = this.redactContent(log.message?.content);
    const isSame =
      severityText === log.severityText &&
      eventName === log.eventName &&
      body === log.body &&
      attributes === log.attributes &&
      scope === log.scope &&
      resource === log.resource &&
      content === log.message?.content;
    if (isSame) return log;
    const message = log.message && content !== undefined ? { side: log.message.side, content } : undefined;
    return { ...log, severityText, eventName, body, attributes, scope, resource, message };
  }

  private redactOrNull(text: JsonText | null): JsonText | null {
    return text === null ? null : this.redactJson(text, 'metadata');
  }

  /** A text that is no content, such as a name, without the secrets in it. */
  redactText<T extends string | null | undefined>(text: T): T | string {
    if (typeof text !== 'string' || !this.screen.mayHold(text, 'metadata')) return text;
    const cleaned = cleanText(text, this.keys);
    this.redacted += cleaned.count;
    return cleaned.text;
  }

  /** What a person or a model wrote, as JSON: headers and credentials of well-known makers are taken out. */
  redactContent<T extends JsonText | undefined>(text: T): T | JsonText {
    return text === undefined ? text : this.redactJson(text, 'content');
  }

  /** What a program states about itself, as JSON: values of secret names too are taken out, however deep. */
  redactAttributes(text: JsonText): JsonText {
    return this.redactJson(text, 'metadata');
  }

  private redactJson(text: JsonText, scope: Scope, key?: string): JsonText {
    if (!this.screen.mayHold(text, scope)) return text;
    const cleaned = cleanJson(text, scope, this.keys, key);
    this.redacted += cleaned.count;
    return cleaned.text;
  }

  private redactMetadata(metadata: Metadata | undefined): Metadata | undefined {
    if (metadata === undefined) return undefined;
    let copy: Map<string, JsonText> | undefined;
    for (const [key, text] of metadata) {
      const known = this.keys.lookUp(key);
      if (known.lastHarmless === text) continue;
      const value = known.isSecret ? this.hide(text) : this.redactJson(text, 'metadata', key);
      if (value !== text) (copy ??= new Map(metadata)).set(key, value);
      else if (text.length <= MAX_REMEMBERED_LENGTH) known.lastHarmless = text;
    }
    return copy ?? metadata;
  }

  private hide(text: JsonText): JsonText {
    if (holdsNothing(text)) return text;
    this.redacted += 1;
    return `"${REDACTED}"`;
  }
}

/** `items` with some of them replaced; the same list when none is. */
function replaceSome<T>(items: readonly T[], replace: (item: T) => T): readonly T[] {
  let copy: T[] | undefined;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i]!;
    const replaced = replace(item);
    if (replaced !== item) (copy ??= items.slice())[i] = replaced;
  }
  return copy ?? items;
}
