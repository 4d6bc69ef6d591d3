/** A real Prometheus for a mesh of a test: as `weft up --with-prometheus` configures and runs it, but with shorter intervals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import type { MeshConfig } from '#api/mesh/config.ts';
import { PROMETHEUS } from '#cli/addons/prometheus.ts';
import { eventually } from './eventually.ts';
import { finished, freePorts } from './mesh-programs.ts';

export interface Target {
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly lastScrapeDuration: number;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Rule {
  readonly type: 'recording' | 'alerting';
  readonly name: string;
  readonly query: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export class TestPrometheus {
  readonly #config: MeshConfig;
  readonly #child: ChildProcess;
  readonly #log: string;

  private constructor(config: MeshConfig, child: ChildProcess, log: string) {
    this.#config = config;
    this.#child = child;
    this.#log = log;
  }

  static async start(mesh: MeshConfig): Promise<TestPrometheus> {
    const [port] = await freePorts(1);
    const config = { ...mesh, addons: { prometheus: { port: port! } } };
    PROMETHEUS.prepare(config);
    const directory = PROMETHEUS.directory(config);
    hasten(join(directory, 'prometheus.yml'));
    const path = join(directory, 'log');
    const log = openSync(path, 'a');
    const [file, ...args] = PROMETHEUS.command(config);
    const child = spawn(file!, args, { cwd: directory, env: PROMETHEUS.env, stdio: ['ignore', log, log] });
    closeSync(log);
    const prometheus = new TestPrometheus(config, child, path);
    await eventually('Prometheus serves', () => PROMETHEUS.ready(config).then((is) => is || undefined));
    return prometheus;
  }

  /** The value of every series now; those that are no number are left out, as a panel would leave them. */
  async query(expr: string): Promise<Series[]> {
    const data = await this.#get<{ result: { metric: Series['metric']; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expr)}`,
    );
    return data.result
      .map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
      .filter(({ value }) => !Number.isNaN(value));
  }

  async targets(): Promise<readonly Target[]> {
    const { activeTargets } = await this.#get<{ activeTargets: Target[] }>('targets?state=active');
    return activeTargets;
  }

  async rules(): Promise<readonly Rule[]> {
    const { groups } = await this.#get<{ groups: { rules: Rule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  /** Values of a label of the series that match, as `label_values(match, label)` of a dashboard's variable. */
  labelValues(label: string, match: string): Promise<readonly string[]> {
    return this.#get(`label/${label}/values?match[]=${encodeURIComponent(match)}`);
  }

  /** Lines of its log that warn or worse. */
  complaints(): string[] {
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter((line) => /level=(warn|error)/.test(line));
  }

  /** Throws what Prometheus has against the question. */
  async #get<T>(path: string): Promise<T> {
    const { body } = await request(`${PROMETHEUS.url(this.#config)}/api/v1/${path}`);
    const answer = (await body.json()) as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(`${decodeURIComponent(path)}: ${answer.error}`);
    return answer.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = finished(this.#child);
    this.#child.kill('SIGTERM');
    await gone;
  }
}

/** Every second, so that a rate over a minute is there after a few. */
function hasten(path: string): void {
  const text = readFileSync(path, 'utf8');
  const hastened = text
    .replace(/scrape_interval: \S+/, 'scrape_interval: 1s')
    .replace(/scrape_timeout: \S+/, 'scrape_timeout: 1s')
    .replace(/evaluation_interval: \S+/, 'evaluation_interval: 1s')
    .replaceAll(/refresh_interval: \S+/g, 'refresh_interval: 1s');
  writeFileSync(path, hastened);
}
