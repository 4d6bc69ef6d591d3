import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

/** Prometheus beside a mesh, by the command line, as people use it. One story, told in order. */

const directory = mkdtempSync(join(tmpdir(), 'weft-addons-'));
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

function weft(words: string): Promise<Said> {
  const child = spawn(join(process.cwd(), 'weft'), words.split(' '), { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdin.end();
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

async function good(words: string): Promise<string> {
  const { code, out, err } = await weft(words);
  expect({ words, code, err: code === 0 ? '' : err + out }).toEqual({ words, code: 0, err: '' });
  return out;
}

interface Running {
  readonly pid: number;
  readonly kept: boolean;
  readonly restarts: number;
  readonly url: string;
}

/** What `weft status` says of Prometheus; undefined while it does not run. */
async function running(): Promise<Running | undefined> {
  const { programs, addons } = JSON.parse((await weft('status -o json')).out);
  const found = programs.find(({ program }: { program: string }) => program === 'prometheus');
  return found?.running ? { ...found, url: addons[0].url } : undefined;
}

afterAll(async () => {
  await weft('down --purge');
  rmSync(directory, { recursive: true, force: true });
});

test('a port that somebody holds is named, and nothing was changed', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  const { code, err } = await weft(`up --with-prometheus ${port}`);
  holder.close();
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(
      new RegExp(`port ${port} of Prometheus is in use by .*pid ${process.pid}.*weft up --with-prometheus`),
    ),
  });
});

test('up starts it beside the mesh, unprivileged, in a cgroup of its own', async () => {
  expect(await good('up --with-prometheus')).toMatch(/Prometheus: http:\/\/127\.0\.0\.1:\d+/);
  const { pid, url } = (await running())!;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  expect(status).not.toMatch(/^Uid:\t0\t/m);
  expect(status).toMatch(/^CapEff:\t0+$/m);
  expect(status).toMatch(/^CapBnd:\t0+$/m);
  expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toMatch(/weft-\w+\.prometheus/);
  expect(await good('status')).toContain(`Prometheus ${url}`);
  expect(await good('doctor')).toContain(`serves ${url}`);
});

test('it takes no orders by its pages', async () => {
  const { url } = (await running())!;
  for (const path of ['/-/quit', '/-/reload', '/api/v1/admin/tsdb/snapshot'])
    expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBeGreaterThanOrEqual(400);
});

test('it stays where it is while it runs', async () => {
  const { code, err } = await weft('up --with-prometheus 9999');
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/cannot move now .*weft down/) });
});

test('it comes back when it is killed, and when its keeper is', async () => {
  const before = (await running())!;
  process.kill(before.pid, 'SIGKILL');
  await expect.poll(async () => (await running())?.restarts, { timeout: 30_000 }).toBe(1);
  const orphan = (await running())!;
  const keeper = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${orphan.pid}/status`, 'utf8'))![1]);
  process.kill(keeper, 'SIGKILL');
  await expect.poll(async () => (await running())?.kept, { timeout: 30_000 }).toBe(false);
  await good('up');
  expect(await running()).toMatchObject({ kept: true, restarts: 0 });
});

test('down takes it along, and up brings it back where it was', async () => {
  const { pid, url } = (await running())!;
  await good('down');
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  await good('up');
  expect((await running())!.url).toBe(url);
});

test('it goes when it is wanted no more, keeps what it has stored, and comes again when it is', async () => {
  const { pid } = (await running())!;
  expect((await weft('up --without-prometheus --with-prometheus')).err).toContain('cannot be used with');
  expect(await good('up --without-prometheus')).toContain('stopping Prometheus');
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(await running()).toBeUndefined();
  await good('up');
  expect(await running()).toBeUndefined();
  expect(existsSync(join(env.WEFT_DATA_DIR, 'prometheus', 'tsdb'))).toBe(true);
  await good('up --with-prometheus');
  expect(await running()).toMatchObject({ kept: true });
});

test('it starts from what is on disk when somebody has mended what kept it from starting', async () => {
  await good('down');
  const store = join(env.WEFT_DATA_DIR, 'prometheus', 'tsdb');
  rmSync(store, { recursive: true });
  writeFileSync(store, 'in the way');
  expect((await weft('up')).err).toContain('Prometheus does not start');
  rmSync(store);
  await good('up');
  expect(await running()).toMatchObject({ kept: true, restarts: 0 });
});

test('its data goes when the mesh is purged', async () => {
  expect(existsSync(join(env.WEFT_DATA_DIR, 'prometheus', 'tsdb'))).toBe(true);
  await good('down --purge');
  expect(existsSync(env.WEFT_DATA_DIR)).toBe(false);
});
