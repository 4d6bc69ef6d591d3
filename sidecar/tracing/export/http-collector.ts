/** OTLP over HTTP with protobuf bodies: one kept connection, and at most one request on it. */
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { TracingSpec } from '../tracing-spec.ts';
import { type Collector, MAX_ANSWER_BYTES, totalLength, UNTRACED, type Verdict, words } from './collector.ts';
import { openSocket } from './open-socket.ts';
import { rejectedIn } from './otlp-encoding.ts';
import { type Chosen, outcomeOf, pickCollector } from './pick-collector.ts';
import { retryAfterIn } from './retry-info.ts';

/** Statuses after which the same may be sent again (OTLP specification, "Retryable Response Codes"). */
const AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class HttpCollector implements Collector {
  readonly #exporter: TracingSpec['exporter'];
  readonly #clusters: ClusterDirectory;
  readonly #clock: Clock;
  #agent: Agent | undefined;
  #to: Chosen | undefined;

  constructor(
    exporter: TracingSpec['exporter'],
    { clusters, clock }: { readonly clusters: ClusterDirectory; readonly clock: Clock },
  ) {
    this.#exporter = exporter;
    this.#clusters = clusters;
    this.#clock = clock;
  }

  async send(request: readonly Uint8Array[]): Promise<Verdict> {
    const chosen = pickCollector(this.#clusters, this.#exporter.cluster);
    if (typeof chosen === 'string') return { kind: 'later', why: chosen };
    const startMs = chosen.endpoint.begin();
    const { verdict, heard } = await this.#post(this.#agentFor(chosen), request);
    if (!heard) this.close();
    chosen.endpoint.end(startMs, outcomeOf(verdict.kind, heard), this.#clock.nowMs());
    return verdict;
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  /** Keeps a connection as long as it goes to the endpoint that is to be asked. */
  #agentFor(chosen: Chosen): Agent {
    if (this.#agent !== undefined && this.#to?.endpoint === chosen.endpoint && this.#to.tls === chosen.tls) {
      return this.#agent;
    }
    this.close();
    this.#to = chosen;
    const agent = new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
    agent.createConnection = () => openSocket(chosen, 'http/1.1');
    this.#agent = agent;
    return agent;
  }

  #post(agent: Agent, pieces: readonly Uint8Array[]): Promise<{ verdict: Verdict; heard: boolean }> {
    const { path, authority, headers, timeoutMs } = this.#exporter;
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => lost('it did not answer in time'));
      const done = (verdict: Verdict, heard: boolean): void => {
        timer.cancel();
        resolve({ verdict, heard });
      };
      const lost = (why: string): void => done({ kind: 'later', why }, false);
      try {
        const request = plainRequest({
          agent,
          method: 'POST',
          path,
          headers: {
            host: authority,
            'user-agent': 'weft-sidecar',
            ...UNTRACED,
            ...Object.fromEntries(headers),
            'content-type': 'application/x-protobuf',
            'content-length': totalLength(pieces),
          },
        });
        request.on('error', (error) => lost(words(messageOf(error))));
        request.on('response', (response) => {
          read(response, this.#clock, (verdict, whole) => {
            done(verdict, whole);
            if (!whole) response.destroy();
          });
        });
        for (const piece of pieces) request.write(piece);
        request.end();
      } catch (error) {
        lost(words(messageOf(error)));
      }
    });
  }
}

/** `whole`: the connection can go on. */
function read(
  response: IncomingMessage,
  clock: Clock,
  done: (verdict: Verdict, whole: boolean) => void,
): void {
  const body: Buffer[] = [];
  let length = 0;
  response.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length <= MAX_ANSWER_BYTES) body.push(piece);
    else done(verdictOf(response, Buffer.alloc(0), clock), false);
  });
  response.on('end', () => done(verdictOf(response, Buffer.concat(body), clock), true));
  response.on('error', (error) => done({ kind: 'later', why: words(messageOf(error)) }, false));
}

function verdictOf({ statusCode = 0, headers }: IncomingMessage, body: Buffer, clock: Clock): Verdict {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'accepted', rejected: rejectedIn(body) };
  const why = `HTTP status ${statusCode}`;
  if (!AGAIN.has(statusCode)) return { kind: 'refused', why };
  return { kind: 'later', why, afterMs: retryAfterIn(headers['retry-after'], clock.wallMs()) };
}
