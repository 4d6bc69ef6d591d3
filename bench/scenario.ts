/**
 * What a scenario is and what it yields. A scenario measures its subjects (weft and its peers) interleaved in one run; the
 * figures of one report can be compared with each other, those of different reports cannot.
 */

/** The machine that made the figures. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
}

/** Figures of one subject: medians over the rounds. A figure that a scenario does not have is left out. */
export interface SubjectFigures {
  /** `weft`, `haproxy`, `nginx`, `envoy`, `node`; with a suffix where one program runs in several ways: `weft-inbound`. */
  readonly name: string;
  readonly version: string;
  /** CPU time of the proxy process, or of all proxies of the path together, for one request: microseconds. */
  readonly cpuMicrosPerRequest?: number;
  readonly userMicros?: number;
  readonly sysMicros?: number;
  /** Where bytes count and not requests: CPU microseconds for a mebibyte that passed. */
  readonly cpuMicrosPerMb?: number;
  readonly requestsPerSecond?: number;
  readonly p50Ms?: number;
  readonly p90Ms?: number;
  readonly p99Ms?: number;
  readonly p999Ms?: number;
  readonly rssMb?: number;
  readonly pssMb?: number;
  /** Private memory: what would come back if this process alone ended. MiB. */
  readonly privateMb?: number;
  /** What only this scenario has, named with its unit: `bytesPerConnection`, `startMs`. */
  readonly [figure: string]: number | string | undefined;
}

/** A subject that could not be measured here, and what to do so that it can be. */
export interface MissingSubject {
  readonly name: string;
  readonly why: string;
}

export interface Report {
  readonly scenario: string;
  readonly machine: Machine;
  /** ISO 8601. */
  readonly date: string;
  /** Commit of the checkout; with `+` when it had changes. */
  readonly commit: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly subjects: readonly SubjectFigures[];
  readonly missing: readonly MissingSubject[];
  /** `weft/haproxy`: median over the rounds of the quotient of the scenario's main figure; below 1 is cheaper. A pair that
   * noise leaves no quotient of is left out. */
  readonly ratios: Readonly<Record<string, number>>;
  /** What speaks against these figures: a machine that was busy with something else. */
  readonly warnings?: readonly string[];
}

export interface RunOptions {
  /** Fewer and shorter rounds: all scenarios together end within 10 minutes. */
  readonly quick: boolean;
  /** One line about what goes on, for the person who waits. */
  readonly progress: (line: string) => void;
}

/** What a scenario measured; the runner adds machine, date and commit. */
export type Measured = Pick<Report, 'rounds' | 'subjects' | 'missing' | 'ratios' | 'warnings'>;

export interface Scenario {
  readonly name: string;
  /** One line: what is done. */
  readonly title: string;
  /** The figure that `ratios` compares. */
  readonly mainFigure: string;
  run(options: RunOptions): Promise<Measured>;
}
