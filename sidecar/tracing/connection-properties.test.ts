/** Many requests on one connection, sent without waiting for answers: nothing of one's context gets into another's. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { type SidecarUnderTest, startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';
import { NO_CONDITIONS } from '#sidecar/routing/retry-policy.ts';
import { portOf } from './testing/collectors.ts';
import { specOf, Traced } from './testing/traced.ts';

const KINDS = {
  none: () => [],
  sampled: (trace: string, span: string) => [
    `traceparent: 00-${trace}-${span}-01`,
    `tracestate: of=${trace}`,
  ],
  unsampled: (trace: string, span: string) => [`traceparent: 00-${trace}-${span}-00`],
  malformed: (trace: string, span: string) => [`traceparent: 00-${trace}-${span}`, `b3: ${span}`],
  b3: (trace: string, span: string) => [`b3: ${trace}-${span}-1`],
  'b3, unsampled': (trace: string, span: string) => [`b3: ${trace}-${span}-0`],
  'b3 in parts': (trace: string, span: string) => [
    `x-b3-traceid: ${trace}`,
    `x-b3-spanid: ${span}`,
    'x-b3-sampled: 1',
  ],
} as const;
type Kind = keyof typeof KINDS;

const BELIEVED: ReadonlySet<Kind> = new Set(['sampled', 'unsampled', 'b3', 'b3, unsampled', 'b3 in parts']);
const RECORDED: ReadonlySet<Kind> = new Set(['sampled', 'b3', 'b3 in parts']);

interface Asked {
  readonly kind: Kind;
  /** Answers before the one that stays. */
  readonly failures: number;
  readonly padding: number;
  readonly body: string;
}

const request: fc.Arbitrary<Asked> = fc.record({
  kind: fc.constantFrom(...(Object.keys(KINDS) as Kind[])),
  failures: fc.constantFrom(0, 0, 0, 1, 2),
  padding: fc.nat(40),
  body: fc.constantFrom('', '', 'some bytes'),
});

const traced = new Traced({ share: 0 });
let app: Server;
let sidecar: SidecarUnderTest;
let seen: IncomingHttpHeaders[];
let count = 0;

beforeAll(async () => {
  const tried = new Map<string, number>();
  app = createServer((incoming, response) => {
    seen.push(incoming.headers);
    const [, number = '', failures = ''] = String(incoming.url).split('/');
    const tries = (tried.get(number) ?? 0) + 1;
    tried.set(number, tries);
    incoming.resume().on('end', () => {
      const status = tries > Number(failures) ? 200 : 503;
      response.writeHead(status, { 'content-length': number.length }).end(number);
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const cluster = new FakeCluster(new FakeEndpoint(portOf(app)));
  const backoff = { baseMs: 1, maxMs: 1 };
  const retry = { attempts: 2, on: { ...NO_CONDITIONS, gatewayError: true }, backoff };
  const observation = { tracing: specOf(), accessLogs: [], stats: undefined };
  const target = { ...targetOf({ cluster, retry }), observation };
  const observers = { tracing: () => traced.tracing, accessLog: () => undefined };
  sidecar = await startSidecar(target, 'outbound', undefined, undefined, undefined, observers);
});

afterAll(async () => {
  await sidecar[Symbol.asyncDispose]();
  app.closeAllConnections();
  app.close();
});

test('each request goes on in its own trace, and each that is recorded is told of once', async () => {
  const check = async (requests: readonly Asked[]): Promise<void> => {
    seen = [];
    traced.spans.length = 0;
    const sent = requests.map((each) => {
      const number = ++count;
      const trace = number.toString(16).padStart(32, 'a');
      const span = number.toString(16).padStart(16, 'b');
      return { ...each, number, trace, span };
    });
    const client = sidecar.connect();
    client.send(
      sent
        .map(({ kind, number, failures, padding, body, trace, span }) =>
          [
            `PUT /${number}/${failures} HTTP/1.1`,
            'host: app.test',
            `x-n: ${number}`,
            `x-pad: ${'p'.repeat(padding)}`,
            ...KINDS[kind](trace, span),
            `content-length: ${body.length}`,
            '',
            body,
          ].join('\r\n'),
        )
        .join(''),
    );
    for (const { number } of sent) expect(await client.response()).toMatch(new RegExp(`\r\n${number}$`));
    client.socket.destroy();

    expect(seen).toHaveLength(sent.reduce((sum, { failures }) => sum + failures + 1, 0));
    for (const headers of seen) {
      const { kind, trace } = sent.find(({ number }) => String(number) === headers['x-n'])!;
      const [, id, , flags] = String(headers['traceparent'] ?? headers['b3']).split('-');
      if (RECORDED.has(kind)) expect([id, flags]).toEqual([trace, '01']);
      else if (kind === 'unsampled') expect([id, flags]).toEqual([trace, '00']);
      else if (kind === 'b3, unsampled') expect(headers['b3']).toContain(`${trace}-`);
      else expect(sent.map((each) => each.trace)).not.toContain(id);
      if (!BELIEVED.has(kind))
        expect([headers['b3'], headers['x-b3-traceid'], flags]).toEqual([undefined, undefined, '00']);
      expect(headers['tracestate']).toBe(kind === 'sampled' ? `of=${trace}` : undefined);
    }
    const told = traced.spans.filter(({ parentIsRemote }) => parentIsRemote);
    const recorded = sent.filter(({ kind }) => RECORDED.has(kind));
    expect(told.map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual(
      recorded.map(({ trace, span }) => [trace, span]),
    );
    expect(traced.spans).toHaveLength(recorded.reduce((sum, { failures }) => sum + failures + 2, 0));
  };
  await fc.assert(fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), check), {
    numRuns: 60,
  });
});
