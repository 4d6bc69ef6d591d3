import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ContainerPlan, ExecOptions } from './containers.ts';

/** As whom and with which variables commands run in a container: as its own process does. */
const ProcessIdentity = z.strictObject({
  uid: z.int(),
  gid: z.int(),
  env: z.record(z.string(), z.string()),
});
export type ProcessIdentity = Pick<ExecOptions, 'uid' | 'gid' | 'env'>;

/**
 * Kept beside the pod's record, because a container that an earlier node runtime created may be asked to run a probe or
 * an `exec`, while the Secrets behind its environment may have changed or gone. Readable by root only.
 */
export function saveIdentity(
  directory: string,
  plan: Pick<ContainerPlan, 'name' | 'uid' | 'gid' | 'env'>,
): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ uid: plan.uid, gid: plan.gid, env: plan.env });
  writeFileSync(join(directory, `${plan.name}.json`), text, { mode: 0o600 });
}

/** Undefined when the container was never created. */
export function loadIdentity(directory: string, name: string): ProcessIdentity | undefined {
  try {
    return ProcessIdentity.parse(JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8')));
  } catch {
    return undefined;
  }
}
