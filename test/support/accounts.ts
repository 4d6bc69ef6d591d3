/** What the sidecars of a test say that they carried from one workload to one service, added up. */
import { request } from 'undici';
import type { Pod } from '#api/kinds/pod.ts';

export interface Account {
  /** `istio_requests_total` by `CODE FLAGS`. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly total: number;
}

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The samples of one metric in a page of Prometheus' text format. */
export function samplesOf(page: string, metric: string): Sample[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .map((line) => {
      const end = line.lastIndexOf(' ');
      const labels = line.slice(metric.length, end).matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
      return {
        labels: Object.fromEntries([...labels].map(([, name, value]) => [name!, value!])),
        value: Number(line.slice(end + 1)),
      };
    });
}

export function sumOf(samples: readonly Sample[], wanted: Labels): number {
  return samples
    .filter(({ labels }) => Object.entries(wanted).every(([name, value]) => labels[name] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** The page of a pod, as Prometheus scrapes it. */
export async function metricsOf(pod: Pod): Promise<string> {
  const { body } = await request(`http://${pod.status?.podIP}:15020/stats/prometheus`);
  return body.text();
}

/** One side's account over these pods. */
export async function accountOf(
  reporter: 'source' | 'destination',
  pods: readonly Pod[],
  wanted: Labels,
): Promise<Account> {
  const pages = await Promise.all(pods.map(metricsOf));
  const outcomes: Record<string, number> = {};
  let total = 0;
  for (const { labels, value } of pages.flatMap((page) => samplesOf(page, 'istio_requests_total'))) {
    const counts = Object.entries({ reporter, ...wanted }).every(([name, text]) => labels[name] === text);
    if (!counts) continue;
    const outcome = `${labels['response_code']} ${labels['response_flags']}`;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + value;
    total += value;
  }
  return { outcomes, total };
}

/** What came to `after` since `before`; outcomes that nothing was added to are left out. */
export function since(before: Account, after: Account): Account {
  const added = Object.entries(after.outcomes)
    .map(([outcome, count]) => [outcome, count - (before.outcomes[outcome] ?? 0)] as const)
    .filter(([, count]) => count !== 0);
  return { outcomes: Object.fromEntries(added), total: after.total - before.total };
}
