import { parentPort } from 'node:worker_threads';
import { ItemSchemas, UnusableSchema } from './item-schema.js';
import { type SchemaTask, type SchemaVerdict } from './schema-task.js';

const schemas = new ItemSchemas();

function judge({ schemas: texts, documents }: SchemaTask): SchemaVerdict {
  let schema = 0;
  try {
    for (; schema < texts.length; schema += 1) schemas.compile(texts[schema]!);
    for (const [index, document] of documents.entries()) {
      schema = document.schema;
      const mismatch = schemas.findMismatch(texts[schema]!, document.text);
      if (mismatch !== undefined) return { mismatch: { document: index, message: mismatch } };
    }
    return {};
  } catch (error) {
    if (error instanceof UnusableSchema) return { unusable: { schema, message: error.message } };
    throw error;
  }
}

parentPort?.on('message', (task: SchemaTask) => parentPort!.postMessage(judge(task)));
parentPort?.postMessage('ready');
