import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { AppMetrics, appTimeoutMs, type Failure, MAX_APP_BYTES } from './app-metrics.ts';

const GOOD =
  '# HELP up_times Times.\n# TYPE up_times counter\nup_times{a="b\\"c"} 3\nplain 1.5e3 1700000000000\n';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function app(listener: RequestListener): Promise<AppMetrics> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return new AppMetrics({ port: (server.address() as AddressInfo).port, path: '/metrics' });
}

const says =
  (text: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', ...headers });
    response.end(text);
  };

test.each<[string, RequestListener, string]>([
  ['an exposition', says(GOOD), GOOD],
  ['an empty one', says(''), ''],
  ['one of no type', (_request, response) => response.end(GOOD), GOOD],
  ['one with the end mark of OpenMetrics', says(`${GOOD}# EOF\n`), `${GOOD}# EOF\n`],
  ['text beyond ASCII', says('a{b="ü"} NaN\n'), 'a{b="ü"} NaN\n'],
  ['blanks where they may be', says('  a { b = "c" , } +Inf \n\n#\n'), '  a { b = "c" , } +Inf \n\n#\n'],
])('%s is kept as it is', async (_name, listener, expected) => {
  const subject = await app(listener);
  expect(await subject.read(5_000)).toBe(expected);
  expect(subject.scrapes).toMatchObject({ succeeded: 1, success: true, bytes: Buffer.byteLength(expected) });
});

test.each<[string, Failure, RequestListener]>([
  ['a page that is not there', 'status', (_request, response) => response.writeHead(404).end(GOOD)],
  ['a redirect', 'status', (_request, response) => response.writeHead(302, { location: '/x' }).end()],
  ['HTML', 'content', says('<html>', { 'content-type': 'text/html' })],
  ['OpenMetrics', 'content', says('a_total 1\n# EOF\n', { 'content-type': 'application/openmetrics-text' })],
  ['a packed page', 'content', says(Buffer.from([0x1f, 0x8b]), { 'content-encoding': 'gzip' })],
  ['bytes that are no text', 'syntax', says(Buffer.from([0xff, 0xfe, 0x0a]))],
  ['a line without an end', 'syntax', says('a 1\nb 12')],
  ['a word without a value', 'syntax', says('a 1\nb\n')],
  ['a value that is none', 'syntax', says('a one\n')],
  ['a time that is none', 'syntax', says('a 1 soon\n')],
  ['exemplars', 'syntax', says('a_bucket{le="1"} 1 # {id="x"} 0.5\n')],
  ['a label without quotes', 'syntax', says('a{b=c} 1\n')],
  ['a label without an end', 'syntax', says('a{b="c} 1\n')],
  ['a label of no name', 'syntax', says('a{="c"} 1\n')],
  ['an unknown escape', 'syntax', says('a{b="\\t"} 1\n')],
  ['a carriage return', 'syntax', says('a 1\r\n')],
  ['a type that there is not', 'syntax', says('# TYPE a thing\na 1\n')],
  ['a name that begins with a digit', 'syntax', says('1a 1\n')],
  ["a type for a metric of Istio's", 'syntax', says('# TYPE istio_request_bytes gauge\n')],
  ['a line that is too long', 'syntax', says(`a{b="${'x'.repeat(100_000)}"} 1\n`)],
  ["a metric of Istio's", 'syntax', says('istio_requests_total{a="b"} 1\n')],
  ["a bucket of Istio's", 'syntax', says('istio_request_bytes_bucket{le="1"} 1\n')],
  ["a metric of the sidecar's", 'syntax', says('weft_sidecar_ready 0\n')],
  ['more than there is room for', 'size', says('a 1\n'.repeat(MAX_APP_BYTES / 4 + 1))],
  [
    'a page without end',
    'size',
    (_request, response) => {
      const line = 'a 1\n'.repeat(16_384);
      const more = (): void => {
        while (response.writable && response.write(line));
      };
      response.on('drain', more);
      more();
    },
  ],
  [
    'a page that breaks off',
    'unreachable',
    (request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('a 1\n', () => request.socket.destroy());
    },
  ],
  ['no answer', 'unreachable', (request) => request.socket.destroy()],
])('%s is left out whole, and told as %s', async (_name, failure, listener) => {
  const subject = await app(listener);
  expect(await subject.read(5_000)).toBe('');
  expect(subject.scrapes.success).toBe(false);
  expect(subject.scrapes.failed[failure]).toBe(1);
});

test('an app that is down is left out', async () => {
  const subject = await app(says(GOOD));
  server?.close();
  expect(await subject.read(5_000)).toBe('');
  expect(subject.scrapes.failed.unreachable).toBe(1);
});

test('an app that never answers is left out when time is up', async () => {
  const subject = await app(() => {});
  expect(await subject.read(50)).toBe('');
  expect(subject.scrapes.failed.timeout).toBe(1);
});

test('scrapers that come at once share one answer', async () => {
  let asked = 0;
  const subject = await app((request, response) => {
    asked += 1;
    says(GOOD)(request, response);
  });
  expect(await Promise.all(Array.from({ length: 20 }, () => subject.read(5_000)))).toEqual(
    Array.from({ length: 20 }, () => GOOD),
  );
  expect(asked).toBe(1);
  await subject.read(5_000);
  expect(asked).toBe(2);
});

test.each<[string | undefined, number]>([
  ['10', 8_000],
  ['2.5', 2_000],
  [undefined, 8_000],
  ['', 8_000],
  ['soon', 8_000],
  ['-1', 8_000],
  ['Infinity', 48_000],
])('of a scrape timeout of %s the app gets %i ms', (header, expected) => {
  expect(appTimeoutMs(header)).toBe(expected);
});

test('a long page is read in turns, so that traffic passes meanwhile', async () => {
  const page = 'http_requests_total{method="GET",path="/some/where",code="200"} 1\n'.repeat(60_000);
  const subject = await app(says(page));
  const read = subject.read(5_000);
  let [turns, over] = [0, false];
  void read.then(() => {
    over = true;
  });
  const turn = (): void => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  turn();
  expect(await read).toHaveLength(page.length);
  expect(turns).toBeGreaterThan(page.length / 65_536);
});
