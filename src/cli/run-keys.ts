import { type ApiKeyDescription } from '../domain/api-key.js';
import { NotFound } from '../domain/errors.js';
import { type Project } from '../domain/project.js';
import { presentTime } from '../domain/time.js';
import { parseNewApiKey, parseOverlap, redactNote } from '../modules/projects/api-keys.body.js';
import { presentApiKey, presentMadeApiKey } from '../modules/projects/api-keys.present.js';
import { type MadeApiKey } from '../storage/projects/api-key-store.js';
import { asOptions, type OptionNames } from './option-values.js';
import { printTable, type ProjectStores, projectOf, readNothing, withProjects } from './project-stores.js';
import { UsageError } from './usage-error.js';

export interface KeyOptions {
  readonly project?: string;
  readonly json?: true;
  readonly scopes?: string;
  readonly note?: string;
  readonly expires?: string;
  readonly publicKey?: string;
  readonly overlap?: string;
}

const DAY_MS = 86_400_000;
const OPTIONS: OptionNames = {
  expiresAt: ['--expires', 'must be a number of days such as 90d, or an ISO 8601 time with a zone, and to come'],
  overlapSeconds: ['--overlap'],
  publicKey: ['--public-key'],
  scopes: ['--scopes'],
  note: ['--note'],
};

/** `xtrace keys list`. */
export async function listKeys(options: KeyOptions): Promise<void> {
  await withProjects('list keys', readNothing, async (stores) => {
    const keys = await stores.keys.list(await projectOf(stores, options.project));
    if (options.json) console.log(JSON.stringify({ apiKeys: keys.map(presentApiKey) }, null, 2));
    else
      printTable([
        ['ID', 'PUBLIC KEY', 'SECRET', 'OPENS', 'MADE', 'LAST USED', 'EXPIRES', 'NOTE'],
        ...keys.map(columnsOf),
      ]);
  });
}

/** `xtrace keys create`: the key on stdout, what to do with it on stderr. */
export async function createKey(options: KeyOptions): Promise<void> {
  const read = () => readNewKey(options);
  await withProjects('make the key', read, async (stores, stated) => {
    const wanted = redactNote(stated, stores.redactor);
    print(await stores.keys.create(await projectOf(stores, options.project), wanted), options);
  });
}

async function readNewKey({ scopes, note, expires, publicKey }: KeyOptions) {
  const body = {
    note,
    scopes: scopes?.split(',').map((scope) => scope.trim()),
    expiresAt: expires === undefined ? undefined : readExpiry(expires),
    publicKey,
    secretKey: publicKey === undefined ? undefined : await readStdin(),
  };
  return asOptions(OPTIONS, () => parseNewApiKey(body, Date.now()));
}

/** `xtrace keys revoke`. */
export async function revokeKey(key: string, options: KeyOptions): Promise<void> {
  await withProjects('revoke the key', readNothing, async (stores) => {
    const project = await projectOf(stores, options.project);
    const { id } = await findKey(stores, project, key);
    await stores.keys.revoke(project, id);
    if (options.json) console.log(JSON.stringify({ success: true }));
    else console.log(`${id} is revoked: servers that run take it for five more seconds at most`);
  });
}

/** `xtrace keys rotate`: as {@link createKey}. */
export async function rotateKey(key: string, options: KeyOptions): Promise<void> {
  const { overlap: text } = options;
  // Number() takes an empty text for 0, which would end the former key at once.
  const overlap = text === undefined ? undefined : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  const read = () => asOptions(OPTIONS, () => parseOverlap({ overlapSeconds: overlap }));
  await withProjects('rotate the key', read, async (stores, overlapSeconds) => {
    const project = await projectOf(stores, options.project);
    const { id } = await findKey(stores, project, key);
    print(await stores.keys.rotate(project, id, overlapSeconds), options);
    console.error(`The former key goes on ${overlapSeconds === 0 ? 'no longer' : `for ${overlapSeconds} s`}.`);
  });
}

async function findKey({ keys }: ProjectStores, project: Project, key: string): Promise<ApiKeyDescription> {
  const found = (await keys.list(project)).find(({ id, publicKey }) => id === key || publicKey === key);
  if (found === undefined)
    throw new NotFound(`the project ${project.id} has no key ${key}: --project says whose keys are meant`);
  return found;
}

function print(made: MadeApiKey, { json }: KeyOptions): void {
  if (json) {
    console.log(JSON.stringify(presentMadeApiKey(made), null, 2));
    return;
  }
  console.log(`public key  ${made.key.publicKey}\nsecret key  ${made.secretKey}`);
  console.error('The secret is shown this once. Basic authentication takes both; as a bearer token the secret alone.');
}

function columnsOf(key: ApiKeyDescription): string[] {
  const { id, publicKey, displaySecret, scopes, createdAt, lastUsedAt, expiresAt, note } = key;
  const times = [lastUsedAt, expiresAt].map((time) => (time === null ? 'never' : presentTime(time)));
  return [id, publicKey, displaySecret, scopes.join(','), presentTime(createdAt), ...times, note ?? ''];
}

/** `90d` from now, or a time that is checked as the API does. */
function readExpiry(text: string): string {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  return days === undefined ? text : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
}

/** A secret on the command line would be in the list of processes and in the history of the shell. */
async function readStdin(): Promise<string> {
  if (process.stdin.isTTY) console.error('The secret key, then Ctrl-D:');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') throw new UsageError('no secret key came on standard input');
  return text;
}
