import { Injectable } from '@nestjs/common';
import { type Dataset, type DatasetItemContent } from '../../domain/dataset.js';
import { InvalidInput } from '../../domain/errors.js';
import { type JsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { TaskGivenUp } from '../../http/task-thread.js';
import { DatasetItemStore } from '../../storage/datasets/dataset-item-store.js';
import { type DatasetPatch } from '../../storage/datasets/dataset-store.js';
import { MAX_SCHEMA_BYTES } from './item-schema.js';
import { SchemaChecker } from './schema-checker.js';
import { type SchemaTask, type SchemaVerdict } from './schema-task.js';

/** Items of a dataset that are checked at once; each may have some megabytes. */
const CHUNK = 50;
/** While a schema is set, its caller waits; a dataset of 100,000 small items takes about as long. */
const EXISTING_DEADLINE_MS = 15_000;

type Schemas = Pick<Dataset, 'inputSchema' | 'expectedOutputSchema'>;
type Content = Pick<DatasetItemContent, 'input' | 'expectedOutput'>;

const CHECKED = [
  ['inputSchema', 'input'],
  ['expectedOutputSchema', 'expectedOutput'],
] as const;

/** Holds the items of a dataset to its schemas. An input that is not stated is checked as null. */
@Injectable()
export class ItemChecks {
  constructor(
    private readonly items: DatasetItemStore,
    private readonly checker: SchemaChecker,
  ) {}

  /** @throws InvalidInput when `content` does not fit the schemas of `dataset`. */
  async checkItem(dataset: Schemas, content: Content): Promise<void> {
    const { task, fields } = taskOf(dataset, [content]);
    if (task.documents.length === 0) return;
    const { mismatch } = await this.run(task, dataset);
    if (mismatch === undefined) return;
    const field = fields[mismatch.document]!;
    throw new InvalidInput(`Dataset item validation failed: ${field} ${mismatch.message}`, field);
  }

  /**
   * Before the schemas of a dataset change: that they are schemas, and that every present item fits.
   * @param stored the dataset as it is, if there is one
   * @throws InvalidInput naming the schema, or the first item that does not fit.
   */
  async checkSchemas(project: Project, stored: Dataset | undefined, patch: DatasetPatch): Promise<void> {
    const changed = CHECKED.filter(([name]) => patch[name] != null && patch[name] !== stored?.[name]);
    if (changed.length === 0) return;
    for (const [name] of changed) {
      if (Buffer.byteLength(patch[name]!) > MAX_SCHEMA_BYTES) {
        throw new InvalidInput(`${name} is larger than ${MAX_SCHEMA_BYTES} bytes`, name);
      }
    }
    const schemas: Schemas = {
      inputSchema: changed.some(([name]) => name === 'inputSchema') ? patch.inputSchema! : null,
      expectedOutputSchema: changed.some(([name]) => name === 'expectedOutputSchema')
        ? patch.expectedOutputSchema!
        : null,
    };
    await this.run(taskOf(schemas, []).task, schemas);
    if (stored !== undefined) await this.checkExisting(project, stored, schemas);
  }

  private async checkExisting(project: Project, dataset: Dataset, schemas: Schemas): Promise<void> {
    const deadline = Date.now() + EXISTING_DEADLINE_MS;
    let cursor: string | undefined;
    do {
      const page = await this.items.list(
        project,
        { datasetId: dataset.id },
        { page: 1, limit: CHUNK, ...(cursor === undefined ? {} : { cursor }) },
      );
      const { task, fields, owners } = taskOf(schemas, page.items);
      const { mismatch } = await this.run(task, schemas);
      if (mismatch !== undefined) {
        const id = page.items[owners[mismatch.document]!]!.id;
        const field = fields[mismatch.document]!;
        throw new InvalidInput(
          `Dataset item validation failed: ${field} of the existing item ${id} ${mismatch.message}`,
          `${field}Schema`,
        );
      }
      cursor = page.nextCursor;
      if (cursor !== undefined && Date.now() > deadline) {
        throw new InvalidInput(
          `the dataset has too many items to check them all within ${EXISTING_DEADLINE_MS / 1000} s: set schemas before items`,
          'inputSchema',
        );
      }
    } while (cursor !== undefined);
  }

  /** @throws InvalidInput when a schema cannot be used or takes too much. */
  private async run(task: SchemaTask, schemas: Schemas): Promise<SchemaVerdict> {
    const names = CHECKED.flatMap(([name]) => (schemas[name] === null ? [] : [name]));
    try {
      const verdict = await this.checker.check(task);
      if (verdict.unusable === undefined) return verdict;
      const name = names[verdict.unusable.schema]!;
      throw new InvalidInput(`${name} cannot be used: ${verdict.unusable.message}`, name);
    } catch (error) {
      if (!(error instanceof TaskGivenUp)) throw error;
      throw new InvalidInput(`checking against ${names.join(' and ')} was given up: ${error.message}`, names[0]);
    }
  }
}

/** What of `contents` is to be checked; `fields` and `owners` tell of each document what it is of which content. */
function taskOf(
  schemas: Schemas,
  contents: readonly Content[],
): { task: SchemaTask; fields: string[]; owners: number[] } {
  const texts: JsonText[] = [];
  const documents: { schema: number; text: JsonText }[] = [];
  const fields: string[] = [];
  const owners: number[] = [];
  for (const [name, field] of CHECKED) {
    const schema = schemas[name];
    if (schema === null) continue;
    for (const [owner, content] of contents.entries()) {
      documents.push({ schema: texts.length, text: content[field] ?? 'null' });
      fields.push(field);
      owners.push(owner);
    }
    texts.push(schema);
  }
  return { task: { schemas: texts, documents }, fields, owners };
}
