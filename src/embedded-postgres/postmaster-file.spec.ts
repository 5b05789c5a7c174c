import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPostmaster, removeForeignLocks } from './postmaster-file.js';

/** Above pid_max of every system, so never a live process. */
const NO_PID = 2 ** 30;

describe('postmaster.pid', () => {
  let folder: string;
  let socketDir: string;
  const write = (pid: number, status = 'ready   ') => {
    const lines = `${pid}\n${folder}\n1700000000\n5432\n${socketDir}\n\n 1234 5678\n${status}\n`;
    writeFileSync(join(folder, 'postmaster.pid'), lines);
    writeFileSync(join(socketDir, '.s.PGSQL.5432.lock'), lines);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xtrace-postmaster-'));
    socketDir = join(folder, 'socket');
    mkdirSync(socketDir);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('that is missing or empty tells of no server', () => {
    expect(readPostmaster(folder)).toBeUndefined();
    writeFileSync(join(folder, 'postmaster.pid'), '');
    expect(readPostmaster(folder)).toBeUndefined();
  });

  it('tells where a server listens and what it is doing', () => {
    write(NO_PID, 'stopping');
    expect(readPostmaster(folder)).toEqual({ pid: NO_PID, port: 5432, socketDir, status: 'stopping', process: 'gone' });
    writeFileSync(join(folder, 'postmaster.pid'), `${NO_PID}\n${folder}\n1700000000\n5432\n`);
    expect(readPostmaster(folder)).toMatchObject({ socketDir: '', status: '' });
  });

  it('with the pid of another program is foreign, and both lock files of that server are removed', () => {
    write(process.pid);
    expect(readPostmaster(folder)?.process).toBe('foreign');
    removeForeignLocks(folder, socketDir);
    expect(readdirSync(folder)).toEqual(['socket']);
    expect(readdirSync(socketDir)).toEqual([]);
  });

  it('with the pid of no program is left to PostgreSQL, which overwrites it', () => {
    write(NO_PID);
    removeForeignLocks(folder, socketDir);
    expect(readdirSync(folder).sort()).toEqual(['postmaster.pid', 'socket']);
  });

  it('of a process that works in the folder is a running server, and its locks stay', () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      write(process.pid);
      expect(readPostmaster(folder)?.process).toBe('running');
      removeForeignLocks(folder, socketDir);
      expect(readPostmaster(folder)?.pid).toBe(process.pid);
    } finally {
      process.chdir(before);
    }
  });
});
