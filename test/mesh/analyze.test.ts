import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** `weft analyze` as a check before a change: `./weft` on a mesh of its own. One story, told in order. */

const directory = mkdtempSync(join(tmpdir(), 'weft-analyze-'));
const env = {
  ...process.env,
  WEFT_DATA_DIR: join(directory, 'data'),
  WEFT_RUN_DIR: join(directory, 'run'),
  WEFT_KUBECONFIG: '',
  NO_COLOR: '1',
};

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `./weft WORDS` with objects as its input, and waits for its end. */
function weft(words: string, ...objects: object[]): Promise<Said> {
  const child = spawn(join(process.cwd(), 'weft'), words.split(' '), { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdin.end(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

const CLEAN = { code: 0, out: 'Nothing is wrong.\n', err: '' };
const REVIEWS = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'reviews' },
    spec: { selector: { app: 'reviews' }, ports: [{ name: 'http', port: 9080 }] },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'reviews' },
    spec: { host: 'reviews', subsets: [{ name: 'v1', labels: { version: 'v1' } }] },
  },
];

const routeTo = (subset: string) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'reviews' },
  spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews', subset } }] }] },
});

const PLACE = 'spec.http[0].route[0].destination';

beforeAll(async () => {
  expect(await weft('up')).toMatchObject({ code: 0 });
  expect(await weft('apply -f -', ...REVIEWS)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await weft('down --purge');
  rmSync(directory, { recursive: true, force: true });
});

test('a mesh in order', async () => {
  expect(await weft('analyze')).toEqual(CLEAN);
  expect(await weft('analyze -f -', routeTo('v1'))).toEqual(CLEAN);
  expect(await weft('analyze -o json')).toEqual({ code: 0, out: '[]\n', err: '' });
});

test('a change that names a subset which is not there', async () => {
  const { code, out } = await weft('analyze -f -', routeTo('v9'));
  expect(code).toBe(1);
  const [head, line, ...more] = out.trim().split('\n');
  expect(head).toMatch(/^OBJECT +REASON +MESSAGE$/i);
  expect(line).toMatch(/^VirtualService default\/reviews +UnknownSubset +/);
  expect(line).toContain(`${PLACE}: `);
  expect(line).toContain('v9');
  expect(more).toEqual([]);
});

test('the same for programs', async () => {
  const { code, out } = await weft('analyze -f - -o json', routeTo('v9'));
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual([
    {
      object: 'VirtualService default/reviews',
      reason: 'UnknownSubset',
      message: expect.stringMatching(/^spec\.http\[0\]\.route\[0\]\.destination: .*v9/),
    },
  ]);
});

test('nothing was changed by asking', async () => {
  expect((await weft('get virtualservices -o name')).out).toBe('');
  expect(await weft('analyze')).toEqual(CLEAN);
});

test('a change that was made in spite of it is found again', async () => {
  expect(await weft('apply -f -', routeTo('v9'))).toMatchObject({ code: 0 });
  expect(await weft('analyze')).toMatchObject({ code: 1, out: expect.stringContaining('UnknownSubset') });
  expect(await weft('analyze -f -', routeTo('v1'))).toEqual(CLEAN);
});

test('what is no manifest is refused before anything is asked', async () => {
  const { code, out, err } = await weft('analyze -f -', { kind: 'VirtualService' });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('stdin:1');
});
