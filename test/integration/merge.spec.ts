import { type WriteQueue } from '../../src/ingest/write-queue.js';
import { type TestDatabase } from '../support/database.js';
import { dumpProject, expectedContents, storedContents, wrongSums } from '../support/fold.js';
import { batchOf, cutInPieces, disordered, NOW_MS, type Patch, Random, randomMessages } from '../support/messages.js';
import { createWriteDatabase, openQueue } from '../support/write-database.js';

const SEEDS = 12;
const ORDERS = 8;
const SHAPE = { traces: 8, sessions: 4, observationsPerTrace: 5, epoch: (NOW_MS - 86_400_000) * 1000 };

jest.setTimeout(60_000);

describe('stored rows', () => {
  let database: TestDatabase;
  let queue: WriteQueue;

  beforeAll(async () => {
    database = await createWriteDatabase();
    queue = openQueue(database.connection);
  });
  afterAll(async () => {
    await queue.stop();
    await database.drop();
  });

  /** Every order of the same messages is written as a project of its own. */
  let projectNo = 0;

  async function writeDisordered(random: Random, messages: readonly Patch[]): Promise<number> {
    projectNo += 1;
    const pieces = cutInPieces(random, disordered(random, messages), 40);
    // Some wait for the one before, so that it is merged into stored rows; the others share its transaction.
    const submitted: Promise<unknown>[] = [];
    for (const piece of pieces) {
      const receipt = queue.submit(batchOf(projectNo, piece));
      submitted.push(receipt.then((r) => expect(r.rejected).toEqual([])));
      if (random.chance(0.6)) await receipt;
    }
    await Promise.all(submitted);
    return projectNo;
  }

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    'are the same for any order, repetition and split of the same messages, and as documented (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      const messages = randomMessages(random, SHAPE);
      let first: string | undefined;
      for (let order = 0; order < ORDERS; order += 1) {
        const project = await writeDisordered(random, messages);
        const dump = await dumpProject(database.pool, project);
        if (first === undefined) {
          expect(await storedContents(database.pool, project)).toEqual(expectedContents(messages, NOW_MS * 1000));
          first = dump;
        }
        expect(dump).toBe(first);
      }
    },
  );

  it('are summed exactly, in every project', async () => {
    expect(await wrongSums(database.pool)).toEqual({});
    const { rows } = await database.pool.query<{ projects: string }>(
      'SELECT count(DISTINCT project_no) AS projects FROM traces',
    );
    expect(Number(rows[0]!.projects)).toBe(SEEDS * ORDERS);
  });

  it('do not change when everything is delivered three times more', async () => {
    const random = new Random(1000);
    const messages = randomMessages(random, SHAPE);
    const project = await writeDisordered(random, messages);
    const before = await dumpProject(database.pool, project);
    for (let again = 0; again < 3; again += 1) await queue.submit(batchOf(project, random.shuffled(messages)));
    expect(await dumpProject(database.pool, project)).toBe(before);
    expect(await wrongSums(database.pool)).toEqual({});
  });

  it('of one id in two traces and in two projects are different things', async () => {
    const observation = (traceId: string, name: string): Patch => ({
      kind: 'observation',
      index: 0,
      traceId,
      id: 'same',
      stamp: 2,
      name,
    });
    const projects = [++projectNo, ++projectNo];
    await Promise.all(
      projects.map((no) => queue.submit(batchOf(no, [observation('a', `${no} in a`), observation('b', `${no} in b`)]))),
    );
    for (const no of projects) {
      const { observations } = await storedContents(database.pool, no);
      expect(observations.map((row) => row['name'])).toEqual([`${no} in a`, `${no} in b`]);
    }
  });
});
