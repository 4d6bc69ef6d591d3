/** What the kernel says that processes used. */
import { readFileSync } from 'node:fs';

export interface CpuTime {
  readonly userMicros: number;
  readonly sysMicros: number;
}

export interface Memory {
  readonly rssMb: number;
  readonly pssMb: number;
  readonly privateMb: number;
}

/** Microseconds of a clock tick in /proc: `USER_HZ` is 100 on every Linux that Node runs on. */
const TICK_MICROS = 10_000;

/** CPU time so far of these processes, of all their threads (those that ended among them) and of their living children. */
export function cpuTimeOf(pids: readonly number[]): CpuTime {
  const times = pids.flatMap(withChildren).map((pid) => parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  return {
    userMicros: sum(times.map(({ userMicros }) => userMicros)),
    sysMicros: sum(times.map(({ sysMicros }) => sysMicros)),
  };
}

/** `utime` and `stime` of proc_pid_stat(5): fields 14 and 15, of the whole thread group; a name may hold blanks and brackets. */
export function parseStat(stat: string): CpuTime {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { userMicros: Number(fields[11]) * TICK_MICROS, sysMicros: Number(fields[12]) * TICK_MICROS };
}

/** Memory of these processes and their children, MiB. */
export function memoryOf(pids: readonly number[]): Memory {
  const rollups = pids
    .flatMap(withChildren)
    .map((pid) => parseRollup(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')));
  return {
    rssMb: sum(rollups.map(({ rssMb }) => rssMb)),
    pssMb: sum(rollups.map(({ pssMb }) => pssMb)),
    privateMb: sum(rollups.map(({ privateMb }) => privateMb)),
  };
}

/** proc_pid_smaps(5). */
export function parseRollup(rollup: string): Memory {
  const mb = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? Number.NaN) / 1024;
  return { rssMb: mb('Rss'), pssMb: mb('Pss'), privateMb: mb('Private_Clean') + mb('Private_Dirty') };
}

/** A process and all that descend from it: nginx works in a child. */
export function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => withChildren(Number(child)))];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
