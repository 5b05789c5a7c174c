import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time of processes in hundredths of a second (proc(5), clock ticks). */
const TICKS_PER_SECOND = 100;

interface Times {
  readonly parent: number;
  readonly ownTicks: number;
  /** Of children that have ended. */
  readonly childrenTicks: number;
}

function readTimes(pid: number): Times | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold spaces and parentheses; fields start after the last one, with the state.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = (from: number) => Number(fields[from]) + Number(fields[from + 1]);
    return { parent: Number(fields[1]), ownTicks: ticks(11), childrenTicks: ticks(13) };
  } catch {
    return undefined;
  }
}

/** CPU seconds a process has used so far; 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  return (readTimes(pid)?.ownTicks ?? 0) / TICKS_PER_SECOND;
}

/** CPU seconds of a process, of all its children that run and of those that have ended. */
export function familyCpuSeconds(pid: number): number {
  const own = readTimes(pid);
  if (own === undefined) return 0;
  let ticks = own.ownTicks + own.childrenTicks;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const times = readTimes(Number(name));
    if (times?.parent === pid) ticks += times.ownTicks;
  }
  return ticks / TICKS_PER_SECOND;
}

export function parentOf(pid: number): number | undefined {
  return readTimes(pid)?.parent;
}

/** Memory of a process in MiB: now, and its peak since it started. */
export function memoryMib(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** CPU seconds that the whole machine has spent on anything since it started. */
export function machineCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'latin1')
    .split('\n', 1)[0]!
    .split(/\s+/);
  // Stolen time counts: it was not ours either.
  return [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}
