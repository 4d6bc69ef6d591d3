/** Waiting until a change runs in every sidecar that it touches, with the control plane's ledger as the witness. */

import { z } from 'zod';
import type { HttpClient } from '#api/client/http-client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import { Pod } from '#api/kinds/pod.ts';
import { type ProxyState, readProxies } from '../proxy/status-table.ts';

const Rollout = z.looseObject({
  live: z.boolean(),
  pending: z.array(z.looseObject({ proxy: z.string(), reason: z.string().optional() })).default([]),
  refused: z
    .array(z.looseObject({ proxy: z.string(), type: z.string().optional(), reason: z.string().optional() }))
    .default([]),
});
type Rollout = z.infer<typeof Rollout>;

/** One question may take this long: well below the time after which the client gives a silent server up. */
const SLICE_SECONDS = 10;
const NAMED_IN_ERRORS = 5;
const POLL_MS = 50;
/** Istio's mark of a pod that has a sidecar. */
const SIDECAR_STATUS = 'sidecar.istio.io/status';

/**
 * Resolves with a sentence once every sidecar runs what was stored at `resourceVersion`. The control plane knows of
 * the connected ones; a pod whose sidecar is not connected counts as one that does not run it. Throws a WeftError
 * `ChangeRefused` as soon as one refuses it, `ChangeNotLive` when time is up; both name the sidecars and the reasons.
 */
export async function awaitLive(
  client: HttpClient,
  resourceVersion: string,
  timeoutSeconds: number,
): Promise<string> {
  const until = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const left = Math.max(0, (until - performance.now()) / 1000);
    const query = { resourceVersion, timeoutSeconds: Math.min(SLICE_SECONDS, Math.ceil(left)) };
    const rollout = Rollout.parse(await client.request('GET', '/weft/v1/rollout', { query }));
    if (rollout.refused.length > 0) throw refusal(rollout);
    const [proxies, pods] = await Promise.all([readProxies(client), client.list(Pod)]);
    const absent = absentSidecars(pods.items, proxies);
    if (rollout.live && absent.length === 0) return liveSentence(proxies.length);
    if (performance.now() >= until) throw notLive([...rollout.pending, ...absent], timeoutSeconds);
    if (rollout.live) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Pods that take traffic through a sidecar which is not connected. Pure. */
export function absentSidecars(pods: readonly Pod[], proxies: readonly ProxyState[]): Rollout['pending'] {
  const connected = new Set(proxies.map(({ proxy }) => proxy));
  return pods
    .filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === 'Running')
    .filter(({ metadata }) => metadata.annotations?.[SIDECAR_STATUS] !== undefined)
    .map(({ metadata }) => `${metadata.name}.${metadata.namespace}`)
    .filter((proxy) => !connected.has(proxy))
    .map((proxy) => ({ proxy, reason: 'is not connected to the control plane' }));
}

function liveSentence(proxies: number): string {
  return proxies === 0 ? 'live: there is no sidecar' : `live on every sidecar (${proxies})`;
}

function refusal({ refused }: Rollout): WeftError {
  const reasons = refused.map(
    ({ proxy, type, reason }) =>
      `${proxy}${type === undefined ? '' : ` (${type})`}: ${reason ?? 'no reason given'}`,
  );
  return new WeftError('ChangeRefused', `${count(refused.length)} refused the change\n${listed(reasons)}`, {
    remedy: 'they keep running what they had; mend the change and apply it again',
  });
}

function notLive(pending: Rollout['pending'], timeoutSeconds: number): WeftError {
  const reasons = pending.map(({ proxy, reason }) => `${proxy}: ${reason ?? 'has not answered'}`);
  return new WeftError(
    'ChangeNotLive',
    `the change is stored, but ${count(pending.length)} did not run it within ${timeoutSeconds} s\n${listed(reasons)}`,
    {
      remedy: 'see: weft proxy status',
    },
  );
}

const count = (n: number): string => `${n} sidecar${n === 1 ? '' : 's'}`;

function listed(reasons: readonly string[]): string {
  const shown = reasons.slice(0, NAMED_IN_ERRORS).map((reason) => `  ${reason}`);
  const more = reasons.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}
