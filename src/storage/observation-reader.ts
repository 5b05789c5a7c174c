import { Injectable } from '@nestjs/common';
import { InvalidInput, NotFound } from '../domain/errors.js';
import { isStorableText } from '../domain/json.js';
import { type ObservationWithPayload } from '../domain/observation.js';
import { type Project } from '../domain/project.js';
import { SnapshotReader } from './pricing/snapshot-reader.js';
import { PromptReader } from './prompts/prompt-reader.js';
import { ReadPool } from './read-pool.js';
import { decodeObservation, type ObservationColumns } from './sql/observation-columns.js';
import {
  OBSERVATION_BY_ID_SQL,
  OBSERVATION_IN_TRACE_SQL,
  OBSERVATION_METADATA_SQL,
  OBSERVATION_PAYLOAD_SQL,
} from './sql/observation-statements.js';

type Row = ObservationColumns & { trace_id: string; bucket: number };

/** Reads single observations. */
@Injectable()
export class ObservationReader {
  constructor(
    private readonly pool: ReadPool,
    private readonly snapshots: SnapshotReader,
    private readonly prompts: PromptReader,
  ) {}

  /**
   * One observation with its metadata in full and the first characters of its input and output (see
   * `MAX_PREVIEW_CHARACTERS`), which are therefore no JSON.
   * @param traceId needed only where observations of several traces have the id
   * @throws NotFound unless the project has it.
   * @throws InvalidInput where several traces have it and none is named.
   */
  async getObservation(project: Project, id: string, traceId?: string): Promise<ObservationWithPayload> {
    return await this.read(project, id, traceId, OBSERVATION_METADATA_SQL);
  }

  /** The same with its payload in full, the price that its cost was made with, and the id of the prompt that it names. */
  async getWholeObservation(project: Project, id: string, traceId?: string): Promise<ObservationWithPayload> {
    const observation = await this.read(project, id, traceId, OBSERVATION_PAYLOAD_SQL);
    await Promise.all([this.snapshots.addTo([observation]), this.prompts.linkPrompts(project, [observation])]);
    return observation;
  }

  private async read(
    project: Project,
    id: string,
    traceId: string | undefined,
    payloadSql: string,
  ): Promise<ObservationWithPayload> {
    const row = isStorableText(id) ? await this.find(project, id, traceId) : undefined;
    if (row === undefined) throw new NotFound(`Observation ${id} not found within authorized project`);
    const key = [project.no, row.trace_id, id, row.bucket];
    type Payload = [input: Buffer | null, output: Buffer | null, metadata: Buffer | null];
    const [payload] = await this.pool.queryBytes<Payload>(payloadSql, key);
    const [input, output, metadata] = payload ?? [null, null, null];
    return { ...decodeObservation(row.trace_id, row), input, output, metadata };
  }

  private async find(project: Project, id: string, traceId: string | undefined): Promise<Row | undefined> {
    if (traceId !== undefined) {
      return (await this.pool.query<Row>(OBSERVATION_IN_TRACE_SQL, [project.no, id, traceId]))[0];
    }
    const rows = await this.pool.query<Row>(OBSERVATION_BY_ID_SQL, [project.no, id]);
    if (rows.length > 1) {
      throw new InvalidInput('traceId is needed: observations of several traces have this id', 'traceId');
    }
    return rows[0];
  }
}
