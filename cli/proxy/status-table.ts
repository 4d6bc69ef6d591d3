import { z } from 'zod';
import type { HttpClient } from '#api/client/http-client.ts';
import { ageOf } from '../output/objects.ts';

const TYPES = ['CDS', 'LDS', 'EDS', 'RDS'] as const;

const TypeStatus = z.looseObject({
  sent: z.number().optional(),
  acked: z.number().optional(),
  lag: z.number().default(0),
  lastNack: z.string().optional(),
  refused: z.array(z.string()).default([]),
});
const ProxyState = z.looseObject({
  proxy: z.string(),
  kind: z.string().default(''),
  connectedSince: z.string().default(''),
  types: z.record(z.string(), TypeStatus),
});
const Proxies = z.looseObject({ proxies: z.array(ProxyState) });
export type ProxyState = z.infer<typeof ProxyState>;

export async function readProxies(client: HttpClient): Promise<ProxyState[]> {
  return Proxies.parse(await client.request('GET', '/weft/v1/proxies')).proxies;
}

/** A row for each sidecar, in istioctl's words, and a sentence for each refusal. Pure. */
export function statusRows(proxies: readonly ProxyState[], nowMs: number) {
  const headers = ['Name', 'Kind', ...TYPES, 'Connected'];
  const rows = proxies.map((proxy) => [
    proxy.proxy,
    proxy.kind,
    ...TYPES.map((type) => cellOf(typeOf(proxy, type))),
    ageOf(proxy.connectedSince, nowMs),
  ]);
  const refusals = proxies.flatMap((proxy) =>
    TYPES.flatMap((type) => {
      const status = typeOf(proxy, type);
      if (status === undefined || status.refused.length === 0) return [];
      return [
        `${proxy.proxy} refused ${type} ${status.refused.join(', ')}: ${status.lastNack ?? 'no reason given'}`,
      ];
    }),
  );
  return { headers, rows, refusals };
}

function typeOf(proxy: ProxyState, type: string): z.infer<typeof TypeStatus> | undefined {
  return proxy.types[type] ?? proxy.types[type.toLowerCase()];
}

function cellOf(status: z.infer<typeof TypeStatus> | undefined): string {
  if (status?.sent === undefined) return 'NOT SENT';
  if (status.refused.length > 0) return `REFUSED (${status.refused.length})`;
  return status.lag > 0 ? `STALE (${status.lag})` : 'SYNCED';
}
