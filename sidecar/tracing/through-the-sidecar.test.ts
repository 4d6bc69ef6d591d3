/** The behaviours of W3C Trace Context once more, through a whole sidecar: client → sidecar → app. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import {
  type RawServer,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from '#sidecar/http/testing/sidecar-under-test.ts';
import { NO_CONDITIONS } from '#sidecar/routing/retry-policy.ts';
import { checkW3cCase } from './testing/check-w3c-case.ts';
import { specOf, Traced, valuesOf } from './testing/traced.ts';
import { SPAN, TRACE, W3C_CASES } from './testing/w3c-cases.ts';

const REST = '\r\ncontent-length: 2\r\n\r\nok';
const CASES = W3C_CASES.map((each) => [`${each.section}: ${each.name}`, each] as const);

/** A traced sidecar in front of an app that answers everything. */
class Path {
  readonly traced: Traced;
  readonly #app: RawServer;
  readonly #sidecar: SidecarUnderTest;

  private constructor(traced: Traced, app: RawServer, sidecar: SidecarUnderTest) {
    this.traced = traced;
    this.#app = app;
    this.#sidecar = sidecar;
  }

  /** The app answers its first requests with `statuses`, and then with 200. */
  static async open(share: number, ...statuses: readonly string[]): Promise<Path> {
    const traced = new Traced({ share });
    let answered = 0;
    const app = await startRawServer((client) => {
      if (client.text.endsWith('\r\n\r\n'))
        client.send(`HTTP/1.1 ${statuses[answered++] ?? '200 OK'}${REST}`);
    });
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const retry = {
      attempts: 2,
      on: { ...NO_CONDITIONS, gatewayError: true },
      backoff: { baseMs: 1, maxMs: 1 },
    };
    const target = targetOf({ cluster, retry });
    const observation = { tracing: specOf({ share }), accessLogs: [], stats: undefined };
    const sidecar = await startSidecar(
      { ...target, observation },
      'outbound',
      undefined,
      undefined,
      undefined,
      { tracing: () => traced.tracing, accessLog: () => undefined },
    );
    return new Path(traced, app, sidecar);
  }

  /** The header lines that the app got, with those of every try. */
  async send(lines: readonly string[]): Promise<string[]> {
    const before = this.#seen().length;
    const client = this.#sidecar.connect();
    client.send(['GET /x HTTP/1.1', 'host: app.test', ...lines, '', ''].join('\r\n'));
    await client.response();
    client.socket.destroy();
    return this.#seen()
      .slice(before)
      .split('\r\n')
      .filter((line) => line.includes(': '));
  }

  async close(): Promise<void> {
    await this.#sidecar[Symbol.asyncDispose]();
    await this.#app[Symbol.asyncDispose]();
  }

  #seen(): string {
    return this.#app.accepted.map(({ text }) => text).join('');
  }
}

describe('through a sidecar that records', () => {
  let path: Path;
  beforeAll(async () => {
    path = await Path.open(1_000_000);
  });
  afterAll(() => path.close());

  test.each(CASES)('%s', async (_name, each) => {
    checkW3cCase(each, await path.send(each.lines));
  });

  test('the span that goes out is that of the try, and its parent is that of the request', async () => {
    const before = path.traced.spans.length;
    const lines = await path.send([`traceparent: 00-${TRACE}-${SPAN}-01`]);
    const [first, request] = path.traced.spans.slice(before);
    expect(valuesOf(lines, 'traceparent')).toEqual([`00-${TRACE}-${first?.spanId}-01`]);
    expect(first?.parentSpanId).toBe(request?.spanId);
    expect(request?.parentSpanId).toBe(SPAN);
    expect(request?.attributes['http.response.status_code']).toBe(200);
  });
});

describe('through a sidecar that draws no request', () => {
  let path: Path;
  beforeAll(async () => {
    path = await Path.open(0);
  });
  afterAll(() => path.close());

  test.each(CASES)('%s', async (_name, each) => {
    const lines = await path.send(each.lines);
    if (each.trace === 'new') checkW3cCase({ ...each, flags: '00' }, lines);
    else checkW3cCase(each, lines);
  });
});

test('each try is a span of its own, and names itself', async () => {
  const path = await Path.open(1_000_000, '503 Service Unavailable', '502 Bad Gateway');
  const lines = await path.send(['b3: 1']);
  const { spans } = path.traced;
  const request = spans.at(-1)!;
  const tries = spans.slice(0, -1);
  expect(valuesOf(lines, 'traceparent')).toEqual(
    tries.map(({ spanId }) => `00-${request.traceId}-${spanId}-03`),
  );
  expect(valuesOf(lines, 'b3')).toEqual(
    tries.map(({ spanId }) => `${request.traceId}-${spanId}-1-${request.spanId}`),
  );
  const told = tries.map(({ attributes, failed, parentSpanId }) => [
    attributes['http.response.status_code'],
    attributes['http.request.resend_count'],
    failed,
    parentSpanId === request.spanId,
  ]);
  expect(told).toEqual([
    [503, undefined, true, true],
    [502, 1, true, true],
    [200, 2, false, true],
  ]);
  expect(request.events.map(({ name }) => name)).toEqual(['retry', 'retry']);
  expect(request.failed).toBe(false);
  await path.close();
});
