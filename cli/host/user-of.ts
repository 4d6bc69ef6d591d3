import { readFileSync } from 'node:fs';

export interface HostUser {
  readonly uid: number;
  readonly gid: number;
}

/** A user of this host, from /etc/passwd. */
export function userOf(name: string): HostUser | undefined {
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
}
