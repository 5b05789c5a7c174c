import type { Config } from '../../config/config.js';
import { InvalidInput } from '../../domain/errors.js';
import { isWithinDepth, type JsonText, toJsonText } from '../../domain/json.js';
import { type Members, missing, readLine, toMembers } from '../../domain/members.js';
import type { Redactor } from '../../domain/redaction.js';
import type { ProjectPatch } from '../../storage/projects/project-store.js';

/** As for DEFAULT_PROJECT_ID. */
const MAX_ID = 200;
const MAX_NAME = 200;
/** It is shown whenever an SDK checks its keys. */
const MAX_METADATA_BYTES = 16 * 1024;

type Retention = Pick<Config, 'tracesRetentionDays'>;

/** What PUT /api/public/projects/{projectId} asks for. @throws InvalidInput naming the field. Unknown fields are ignored. */
export function parseProjectPatch(body: unknown, config: Retention): ProjectPatch {
  return readPatch(toMembers(body), config);
}

/** The same of POST /api/public/projects. */
export function parseNewProject(body: unknown, config: Retention): ProjectPatch & { readonly id?: string } {
  const members = toMembers(body);
  const id = readLine(members, 'id', MAX_ID);
  const patch = readPatch(members, config);
  return id === undefined ? patch : { ...patch, id };
}

/** `patch` without secrets: names and metadata are shown to everybody who reads. */
export function redactProject({ name, metadata }: ProjectPatch, redactor: Redactor): ProjectPatch {
  const redacted = { name: redactor.redactText(name) };
  return metadata === undefined ? redacted : { ...redacted, metadata: redactor.redactAttributes(metadata) };
}

function readPatch(members: Members, { tracesRetentionDays }: Retention): ProjectPatch {
  const name = readLine(members, 'name', MAX_NAME) ?? missing('name');
  // Langfuse's clients always state it, and 0 when nobody has thought about it.
  const retention = members.get('retention') ?? 0;
  if (retention !== 0 && retention !== tracesRetentionDays) {
    throw new InvalidInput(
      `retention must be 0 or left out: TRACES_RETENTION_DAYS (${tracesRetentionDays}) holds for all projects`,
      'retention',
    );
  }
  const metadata = readMetadata(members.get('metadata'));
  return metadata === undefined ? { name } : { name, metadata };
}

function readMetadata(value: unknown): JsonText | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value) || !isWithinDepth(value))
    throw new InvalidInput('metadata must be a JSON object', 'metadata');
  const text = toJsonText(value);
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES)
    throw new InvalidInput(`metadata must be at most ${MAX_METADATA_BYTES} bytes of JSON`, 'metadata');
  return text;
}
