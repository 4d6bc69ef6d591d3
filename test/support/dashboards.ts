/** What the dashboards of examples/grafana ask a Prometheus. */
import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = 'examples/grafana/dashboards';

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly includeAll: boolean;
  readonly allValue?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export function readDashboards(): Dashboard[] {
  return readdirSync(DIRECTORY).map((file) => ({
    ...(JSON.parse(readFileSync(`${DIRECTORY}/${file}`, 'utf8')) as Omit<Dashboard, 'file'>),
    file,
  }));
}

/** An expression with the values that Grafana would put in; a variable that is not given stands for all. */
export function filledIn(
  expr: string,
  dashboard: Dashboard,
  values: Readonly<Record<string, string>>,
): string {
  const all = Object.fromEntries(
    dashboard.templating.list.map(({ name, allValue }) => [name, allValue ?? `$${name}`]),
  );
  const known: Readonly<Record<string, string>> = { ...all, ...values, __rate_interval: '1m' };
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => known[name] ?? whole);
}
