/**
 * CPU per proxied request, beside HAProxy and nginx. Each proxy is pinned to one core, load and backend to another; the
 * rounds of the proxies alternate, so that what disturbs the machine disturbs all of them; medians count.
 *
 * Usage: node bench/datapath/main.ts [ROUNDS [SECONDS]]    (needs taskset, wrk, haproxy, nginx; no root)
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Load, runLoad } from './load.ts';
import { backendConfig, haproxyConfig, nginxConfig } from './peers.ts';
import { PinnedProcess } from './processes.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const SECONDS = Number(process.argv[3] ?? 4);
const WARM_UP_SECONDS = 5;
const CONNECTIONS = 32;
const PROXY_CORE = 0;
const LOAD_CORE = 1;
const BACKEND_PORT = 28_000;
const SIDECAR = join(import.meta.dirname, 'static-sidecar.ts');

interface Variant {
  readonly name: string;
  readonly port: number;
  readonly headers?: readonly string[];
  start(): PinnedProcess;
}

interface Sample extends Load {
  readonly userUs: number;
  readonly systemUs: number;
}

/** Configurations and process files of the peers. */
const root = mkdtempSync(join(tmpdir(), 'weft-bench-'));

function configured(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

function sidecar(direction: string, protocol: string, port: number): PinnedProcess {
  return new PinnedProcess(PROXY_CORE, process.execPath, [
    SIDECAR,
    direction,
    protocol,
    String(port),
    String(BACKEND_PORT),
  ]);
}

function haproxy(mode: 'http' | 'tcp', port: number): PinnedProcess {
  const config = configured(`haproxy-${port}.cfg`, haproxyConfig(mode, port, BACKEND_PORT));
  return new PinnedProcess(PROXY_CORE, 'haproxy', ['-db', '-q', '-f', config]);
}

function nginx(core: number, name: string, text: string): PinnedProcess {
  return new PinnedProcess(core, 'nginx', ['-p', root, '-c', configured(`${name}.conf`, text)]);
}

/** As the outbound sidecar of another workload sends it: an id, a trace and the sender's metadata are there already. */
const FROM_A_SIDECAR = [
  'x-request-id: 7c1f2a34-8f4e-4b0e-9a57-2a7d1f6b9c10',
  'x-forwarded-proto: http',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  `x-envoy-peer-metadata: ${Buffer.alloc(180, 'peer').toString('base64')}`,
];

const haproxyHttp: Variant = { name: 'HAProxy, http', port: 28_001, start: () => haproxy('http', 28_001) };
const haproxyInbound: Variant = {
  name: 'HAProxy, http, larger head',
  port: 28_002,
  headers: FROM_A_SIDECAR,
  start: () => haproxy('http', 28_002),
};
const haproxyTcp: Variant = { name: 'HAProxy, tcp', port: 28_003, start: () => haproxy('tcp', 28_003) };

/** Each is compared with the HAProxy that does the same work. */
const comparisons: readonly { readonly variant: Variant; readonly against: Variant }[] = [
  { variant: haproxyHttp, against: haproxyHttp },
  {
    variant: {
      name: 'nginx, http',
      port: 28_004,
      start: () => nginx(PROXY_CORE, 'nginx', nginxConfig(28_004, BACKEND_PORT, root)),
    },
    against: haproxyHttp,
  },
  {
    variant: {
      name: '**weft sidecar, outbound http**',
      port: 28_005,
      start: () => sidecar('outbound', 'http', 28_005),
    },
    against: haproxyHttp,
  },
  { variant: haproxyInbound, against: haproxyInbound },
  {
    variant: {
      name: '**weft sidecar, inbound http**, larger head',
      port: 28_006,
      headers: FROM_A_SIDECAR,
      start: () => sidecar('inbound', 'http', 28_006),
    },
    against: haproxyInbound,
  },
  { variant: haproxyTcp, against: haproxyTcp },
  {
    variant: {
      name: '**weft sidecar, outbound tcp**',
      port: 28_007,
      start: () => sidecar('outbound', 'tcp', 28_007),
    },
    against: haproxyTcp,
  },
];
const variants = comparisons.map(({ variant }) => variant);

async function measure(proxy: PinnedProcess, variant: Variant, seconds: number): Promise<Sample> {
  const before = proxy.cpu();
  const headers = variant.headers ?? [];
  const load = await runLoad(LOAD_CORE, variant.port, { connections: CONNECTIONS, seconds, headers });
  const after = proxy.cpu();
  return {
    ...load,
    userUs: (after.userUs - before.userUs) / load.requests,
    systemUs: (after.systemUs - before.systemUs) / load.requests,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const backend = nginx(LOAD_CORE, 'backend', backendConfig(BACKEND_PORT, root));
  stack.use(backend);
  await backend.ready(BACKEND_PORT);
  const proxies = new Map<Variant, PinnedProcess>();
  for (const variant of variants) {
    const proxy = stack.use(variant.start());
    await proxy.ready(variant.port);
    proxies.set(variant, proxy);
  }
  for (const [variant, proxy] of proxies) await measure(proxy, variant, WARM_UP_SECONDS);
  const samples = new Map<Variant, Sample[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [variant, proxy] of proxies) {
      samples.get(variant)!.push(await measure(proxy, variant, SECONDS));
    }
  }
  report(samples, proxies);
}

function report(samples: Map<Variant, Sample[]>, proxies: Map<Variant, PinnedProcess>): void {
  const cost = (variant: Variant): number => median(samples.get(variant)!.map((s) => s.userUs + s.systemUs));
  console.log(
    '| proxy | CPU µs/request (user / system) | against HAProxy | requests/s | p50 µs | p99 µs | PSS MiB |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const { variant, against } of comparisons) {
    const of = (read: (sample: Sample) => number): number => median(samples.get(variant)!.map(read));
    const split = `${of((s) => s.userUs).toFixed(1)} / ${of((s) => s.systemUs).toFixed(1)}`;
    const cells = [
      variant.name,
      `${cost(variant).toFixed(1)} (${split})`,
      ratio(samples.get(variant)!, samples.get(against)!).toFixed(2),
      of((s) => s.perSecond).toFixed(0),
      of((s) => s.p50Us).toFixed(0),
      of((s) => s.p99Us).toFixed(0),
      proxies.get(variant)!.pssMiB().toFixed(0),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

/** Median over the rounds: what disturbed a round disturbed both sides of its ratio. */
function ratio(samples: readonly Sample[], against: readonly Sample[]): number {
  const cost = (sample: Sample): number => sample.userUs + sample.systemUs;
  return median(samples.map((sample, round) => cost(sample) / cost(against[round]!)));
}

try {
  await main();
} finally {
  rmSync(root, { recursive: true });
}
