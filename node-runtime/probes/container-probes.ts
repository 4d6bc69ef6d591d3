import type { Clock } from '#api/foundation/clock.ts';
import type { Container, Probe } from '#api/kinds/pod-spec.ts';
import type { Health } from '../pod/stage.ts';
import { type Outcome, Prober } from './prober.ts';
import type { Tally } from './tally.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface ContainerProbesOptions {
  readonly container: Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;
  readonly runningForMs: number;
  /** What an earlier node runtime had found, for a container that it started. */
  readonly inherited: Pick<Health, 'started' | 'ready'> | undefined;
  readonly run: (probe: Probe, timeoutMs: number) => Promise<Outcome>;
  readonly clock: Clock;
  readonly onHealth: (health: Health) => void;
  readonly onFailure: (kind: ProbeKind, message: string) => void;
}

/**
 * The three probes of one running container and what they say together. Readiness and liveness wait for startup;
 * a container without a probe passes it.
 */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #probers: Prober[] = [];
  #health: Health;
  #stopped = false;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
    const { container, inherited } = options;
    const started = container.startupProbe === undefined || inherited?.started === true;
    const ready = started && (container.readinessProbe === undefined || inherited?.ready === true);
    this.#health = { started, ready, dead: undefined };
  }

  /** The first report comes at once. */
  start(): void {
    this.#options.onHealth(this.#health);
    if (this.#health.started) this.#startLater();
    else this.#startStartup();
  }

  stop(): void {
    this.#stopped = true;
    for (const prober of this.#probers) prober.stop();
  }

  #startStartup(): void {
    const { startupProbe } = this.#options.container;
    if (startupProbe === undefined) return;
    const prober = this.#prober('startup', startupProbe, false, (tally, outcome) => {
      if (tally.passing) {
        prober.stop();
        const ready = this.#options.container.readinessProbe === undefined;
        this.#report({ started: true, ready, dead: undefined });
        this.#startLater();
      } else if (tally.decided) this.#report({ ...this.#health, dead: complaint('startup', outcome) });
    });
  }

  #startLater(): void {
    const { readinessProbe, livenessProbe } = this.#options.container;
    if (readinessProbe !== undefined) {
      this.#prober('readiness', readinessProbe, this.#health.ready, (tally) =>
        this.#report({ ...this.#health, ready: tally.passing }),
      );
    }
    if (livenessProbe !== undefined) {
      this.#prober('liveness', livenessProbe, true, (tally, outcome) =>
        this.#report({ ...this.#health, dead: tally.passing ? undefined : complaint('liveness', outcome) }),
      );
    }
  }

  #prober(
    kind: ProbeKind,
    probe: Probe,
    initially: boolean,
    onTally: (tally: Tally, outcome: Outcome) => void,
  ): Prober {
    const { run, clock, runningForMs, onFailure } = this.#options;
    const prober = new Prober({
      probe,
      initially,
      eager: kind !== 'liveness' && !initially,
      runningForMs,
      run: (timeoutMs) => run(probe, timeoutMs),
      clock,
      onTally: (tally, outcome) => {
        if (this.#stopped) return;
        if (!outcome.ok) onFailure(kind, outcome.message);
        onTally(tally, outcome);
      },
    });
    this.#probers.push(prober);
    return prober;
  }

  #report(health: Health): void {
    const { started, ready, dead } = this.#health;
    if (health.started === started && health.ready === ready && health.dead === dead) return;
    this.#health = health;
    this.#options.onHealth(health);
  }
}

/** A dead container stays dead: the first complaint is the one that is told. */
function complaint(kind: ProbeKind, outcome: Outcome): string {
  return `failed its ${kind} probe (${outcome.message})`;
}
