import { spawnSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { PROGRAM_ENVIRONMENT } from './account.js';
import type { Binaries } from './binaries.js';
import { PORT, type Placement } from './placement.js';

const MIB = 1024 * 1024;

/** Command line settings of the private server; they win over its postgresql.conf. */
export function serverArguments(placement: Placement, binaries: Binaries, socketDir: string): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '',
    port: PORT,
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    shared_buffers: `${sharedBuffersMib()}MB`,
    max_wal_size: '2GB',
    // A query over all partitions locks each of them and its indexes; the default of 64 runs out near 100 partitions.
    max_locks_per_transaction: 256,
    // Compiling takes longer than the queries of this server, and the npm binaries have no LLVM.
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_checkpoints: 'off',
    // Statements and rows in error messages would carry prompts and answers into the log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
  };
  if (offersLz4(placement, binaries)) settings.wal_compression = 'lz4';
  return [
    '-D',
    placement.clusterDir,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** 256 MB, less where an eighth of the memory (of the container) is less. */
function sharedBuffersMib(): number {
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.min(256, Math.max(32, Math.floor(memory / 8 / MIB)));
}

/** Binaries built without lz4 refuse to start with it, and only they know. */
function offersLz4({ clusterDir, account }: Placement, { binDir }: Binaries): boolean {
  const args = ['-D', clusterDir, '-C', 'wal_compression', '-c', 'wal_compression=lz4'];
  return (
    spawnSync(join(binDir, 'postgres'), args, { ...account, cwd: '/', env: PROGRAM_ENVIRONMENT, stdio: 'ignore' })
      .status === 0
  );
}
