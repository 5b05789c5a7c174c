import { join } from 'node:path';
import { processesOf } from '../crash/launcher-host.js';
import { runCommand, spawnCommand } from '../support/command.js';
import { removeFolder, type RunningServer, startServer, temporaryFolder, waitFor } from '../support/server-process.js';

jest.setTimeout(120_000);

const LIST = '/api/public/projects';

describe('keys, projects and costs on the command line', () => {
  let dataDir: string;
  let server: RunningServer;

  beforeAll(async () => {
    dataDir = temporaryFolder();
    server = await startServer({ dataDir });
  });
  afterAll(async () => {
    await server.stop();
    await waitFor(() => processesOf(join(dataDir, 'postgres')).length === 0);
    removeFolder(dataDir);
  });

  const run = (...args: string[]) => runCommand(args, { XTRACE_DATA_DIR: dataDir });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, '--json');
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, string> & { apiKeys: Record<string, unknown>[] };
  };
  const statusWith = async (token: string | undefined) =>
    (await fetch(server.url + LIST, { headers: { authorization: `Bearer ${token}` } })).status;

  it('make a project and a key that a running server takes, until it is revoked', async () => {
    expect(await run('projects', 'create', 'Search', '--id', 'search')).toMatchObject({
      ...{ code: 0, stdout: 'search\n' },
    });
    expect((await run('projects', 'list')).stdout).toMatch(/^ID +NAME +MADE\ndefault +default .*\nsearch +Search /);

    const made = await run('keys', 'create', '--project', 'search', '--note', 'CI', '--expires', '90d');
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('shown this once') });
    const [, publicKey, secretKey] = /^public key {2}(\S+)\nsecret key {2}(\S+)\n$/.exec(made.stdout)!;
    await waitFor(async () => (await statusWith(secretKey)) === 200);

    const { apiKeys } = await json('keys', 'list', '--project', 'search');
    expect(apiKeys).toMatchObject([{ publicKey, note: 'CI', scopes: ['ingest', 'read'] }]);
    const lifetimeDays = (Date.parse(apiKeys[0]!.expiresAt as string) - Date.now()) / 86_400_000;
    expect(Math.round(lifetimeDays)).toBe(90);
    const table = await run('keys', 'list', '--project', 'search');
    expect(table.stdout).toContain(publicKey);
    expect(table.stdout).not.toContain(secretKey!.slice(6, -4));

    const next = await json('keys', 'rotate', publicKey!, '--project', 'search', '--overlap', '0');
    await waitFor(async () => (await statusWith(secretKey)) === 401);
    await waitFor(async () => (await statusWith(next.secretKey)) === 200);

    expect(await run('keys', 'revoke', next.id!, '--project', 'search')).toMatchObject({ code: 0 });
    await waitFor(async () => (await statusWith(next.secretKey)) === 401);
  });

  it('take over a pair whose secret comes on standard input, out of sight of other processes', async () => {
    const args = ['keys', 'create', '--public-key', 'pk-lf-command', '--scopes', 'read'];
    const command = spawnCommand(args, { XTRACE_DATA_DIR: dataDir }, 'sk-lf-of-the-command-line\n');
    expect(await command.exited).toMatchObject({ code: 0 });
    await waitFor(async () => (await statusWith('sk-lf-of-the-command-line')) === 200);
  });

  it('rename and delete a project, which takes its keys with it', async () => {
    await run('projects', 'create', 'Old', '--id', 'old');
    const { secretKey } = await json('keys', 'create', '--project', 'old');
    await waitFor(async () => (await statusWith(secretKey)) === 200);
    expect((await run('projects', 'rename', 'old', 'New')).stdout).toBe('old is called New\n');
    const asked = await run('projects', 'delete', 'old');
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('add --yes to consent') });
    expect(await statusWith(secretKey)).toBe(200);
    expect(await run('projects', 'delete', 'old', '--yes')).toMatchObject({ code: 0 });
    await waitFor(async () => (await statusWith(secretKey)) === 401);
  });

  it('show what calls would cost by the prices of today, and change it only when told to', async () => {
    await run('projects', 'create', 'House', '--id', 'house');
    const { secretKey } = await json('keys', 'create', '--project', 'house', '--scopes', 'ingest,read,admin');
    await waitFor(async () => (await statusWith(secretKey)) === 200);
    const headers = { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' };
    const post = async (path: string, body: object) =>
      (await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    const costOf = async (id: string) => {
      const answer = await fetch(`${server.url}/api/public/traces/${id}`, { headers });
      return ((await answer.json()) as { totalCost: number }).totalCost;
    };
    const call = { id: 'c', traceId: 'call', model: 'house-\u001b[2Jmodel', usage: { input: 1_000_000, output: 0 } };
    expect(await post('/v1/l/batch', { observations: [call] })).toBe(200);
    expect(await post('/api/public/model-prices', { modelPattern: 'house-.*', prices: { input: 2 } })).toBe(201);
    expect(await costOf('call')).toBe(0);

    const shown = await run('reprice', '--project', 'house', '--from', '2d');
    expect(shown).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing is changed yet: add --apply.') });
    expect(shown.stdout).toMatch(
      /^MODEL .*\nhouse-\ufffd\[2Jmodel +1 +0\.000000 +2\.000000\nall +1 +0\.000000 +2\.000000\n$/,
    );
    expect(await costOf('call')).toBe(0);

    const applied = await run('reprice', '--project', 'house', '--from', '2d', '--apply', '--json');
    expect(JSON.parse(applied.stdout)).toMatchObject({ applied: true, changedObservations: 1, newCost: 2 });
    expect(await costOf('call')).toBe(2);
    const again = await run('reprice', '--project', 'house', '--apply');
    expect(again.stdout).toBe('every call has the cost that it should have\n');
  });

  it.each([
    [
      2,
      ['reprice', '--from', 'lately'],
      'xtrace cannot show new prices: --from must be a number of days back such as 90d',
    ],
    [2, ['keys', 'create', '--scopes', 'everything'], 'xtrace cannot make the key: --scopes must be a list of'],
    [
      2,
      ['keys', 'create', '--expires', 'tomorrow'],
      '--expires must be a number of days such as 90d, or an ISO 8601 time',
    ],
    [1, ['keys', 'create', '--project', 'nowhere'], 'there is no project nowhere: `xtrace projects list` shows all'],
    [2, ['keys', 'rotate', 'pk', '--overlap', ''], '--overlap must be a whole number from 0 to'],
    [2, ['projects', 'create', 'Search', '--id', ''], '--id must'],
    [1, ['keys', 'revoke', 'nobody'], 'the project default has no key nobody: --project says whose keys are meant'],
    [1, ['projects', 'rename', 'nowhere', 'x'], 'there is no project nowhere: `xtrace projects list` shows all'],
    [1, ['projects', 'delete', 'nowhere', '--yes'], 'there is no project nowhere: `xtrace projects list` shows all'],
    [1, ['projects', 'delete', 'default', '--yes'], 'is the project of DEFAULT_PROJECT_ID'],
  ])('end with %i and say what is wrong with `xtrace %s`', async (exitCode, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toContain(message);
    expect(stderr.includes('--help')).toBe(exitCode === 2);
  });

  it('want a command line that means something, and after that a database that is there', async () => {
    expect(await run('keys')).toMatchObject({ code: 2 });
    expect(await run('keys', 'make')).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown command') });
    const nowhere = join(dataDir, 'nowhere');
    expect(await runCommand(['keys', 'list'], { XTRACE_DATA_DIR: nowhere })).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('there is no database in') },
    });
    expect(await runCommand(['keys', 'create', '--scopes', 'x'], { XTRACE_DATA_DIR: nowhere })).toMatchObject({
      code: 2,
    });
  });
});
