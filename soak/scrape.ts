/** Reads the sidecar's own account of itself: its metrics page and its view of endpoints. */
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Counted } from './accounts.ts';

const SAMPLE = /^(\w+)\{?([^}]*)\}? ([\d.e+-]+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export async function scrape(port: number): Promise<Sample[]> {
  return parseSamples(await page(port, '/metrics'));
}

/**
 * Over a connection of its own: one that is kept is closed by the server after seconds, maybe just when it is used again, and
 * counts among the descriptors until then.
 */
function page(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(new Error(`the sidecar's page ${path} cannot be read: ${error.message}`, { cause: error }));
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      text(response).then(resolve, failed);
    }).on('error', failed);
  });
}

export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = line.startsWith('#') ? null : SAMPLE.exec(line);
    if (match === null) return [];
    const [, name, labels, value] = match as unknown as [string, string, string, string];
    const pairs = [...labels.matchAll(LABEL)].map((label) => [label[1]!, label[2]!] as const);
    return [{ name, labels: new Map(pairs), value: Number(value) }];
  });
}

/** The sum of a metric over all its labels; 0 when it has none. */
export function sumOf(samples: readonly Sample[], name: string): number {
  return samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);
}

/** Requests by service and status. */
export function countedRequests(samples: readonly Sample[]): Map<string, Counted> {
  const counted = new Map<string, Map<number, number>>();
  for (const { name, labels, value } of samples) {
    if (name !== 'istio_requests_total') continue;
    const service = labels.get('destination_service') ?? '';
    const status = Number(labels.get('response_code'));
    const byStatus = counted.get(service) ?? new Map<number, number>();
    counted.set(service, byStatus.set(status, (byStatus.get(status) ?? 0) + value));
  }
  return counted;
}

/** Requests by status and flag: `503 UF`. */
export function byCodeAndFlag(samples: readonly Sample[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    if (name !== 'istio_requests_total') continue;
    const key = `${labels.get('response_code')} ${labels.get('response_flags')}`;
    counts.set(key, (counts.get(key) ?? 0) + value);
  }
  return counts;
}

/** Requests and connections that endpoints are busy with, all clusters together. */
export async function activeAtEndpoints(adminPort: number): Promise<number> {
  const { clusters } = JSON.parse(await page(adminPort, '/clusters?format=json')) as {
    clusters: { endpoints: { active: number }[] }[];
  };
  return clusters.flatMap(({ endpoints }) => endpoints).reduce((sum, { active }) => sum + active, 0);
}
