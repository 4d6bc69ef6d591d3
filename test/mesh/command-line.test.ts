import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The command line as people use it: `./weft VERB …`, a mesh of its own, real pods. One story, told in order. */

const directory = mkdtempSync(join(tmpdir(), 'weft-cli-'));
const env = {
  ...process.env,
  WEFT_DATA_DIR: join(directory, 'data'),
  WEFT_RUN_DIR: join(directory, 'run'),
  WEFT_KUBECONFIG: '',
  NO_COLOR: '1',
};
const WEFT = join(process.cwd(), 'weft');
const MANIFESTS = 'examples/bookinfo/networking';

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `./weft WORDS` and waits for its end. */
function weft(words: string, input = ''): Promise<Said> {
  const child = spawn(WEFT, words.split(' '), { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

async function good(words: string, input?: string): Promise<string> {
  const { code, out, err } = await weft(words, input);
  expect({ words, code, err: code === 0 ? '' : err + out }).toEqual({ words, code: 0, err: '' });
  return out;
}

/** What of this mesh is left: processes that name its directories, cgroups, links and namespaces of its id. */
function leftovers(): string[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(directory));
  const names = [
    '/sys/class/net',
    '/run/netns',
    '/sys/fs/cgroup',
    ...readdirSync('/sys/fs/cgroup').map((root) => `/sys/fs/cgroup/${root}`),
  ]
    .flatMap((place) => (existsSync(place) && safeList(place)) || [])
    .filter((name) => id !== '' && name.includes(id));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(directory));
  return [...processes, ...names, ...mounts, ...(existsSync(env.WEFT_RUN_DIR) ? [env.WEFT_RUN_DIR] : [])];
}

function safeList(place: string): string[] {
  try {
    return readdirSync(place);
  } catch {
    return []; // A file among the hierarchies.
  }
}

let id = '';
beforeAll(async () => {
  await good('up');
  id = JSON.parse(readFileSync(join(env.WEFT_DATA_DIR, 'mesh.json'), 'utf8')).id;
});
afterAll(async () => {
  await weft('down --purge');
  rmSync(directory, { recursive: true, force: true });
});

test('up does nothing when the mesh is up', async () => {
  expect(await good('up')).toContain('was up already');
});

test('up refuses to move a mesh that has given out addresses, and one that runs', async () => {
  expect((await weft('up --pod-cidr 10.1.0.0/16')).err).toMatch(
    /podCidr of this mesh cannot change now .*down --purge/,
  );
  expect((await weft('up --api-port 7443')).err).toMatch(
    /apiPort of this mesh cannot change now .*weft down/,
  );
});

test('demo runs the application, shifts its traffic and loses no request', async () => {
  const out = await good('demo');
  expect(out).toMatch(/failed +none +none/);
  const [, before, after] = /v3 red stars .* (\d+) % .* (\d+) %/.exec(out) ?? [];
  expect(Number(before)).toBeGreaterThan(0);
  expect(Number(after)).toBe(0);
});

test('demo runs again', async () => {
  expect(await good('demo')).toMatch(/failed +none +none/);
});

test('get lists pods for people and for programs', async () => {
  expect(await good('get pods')).toMatch(
    /^NAME +READY +STATUS +RESTARTS +AGE\ndetails-v1-\S+ +1\/1 +Running +0 /,
  );
  const { items } = JSON.parse(await good('get pods -o json'));
  expect(items).toHaveLength(6);
  expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Pod', status: { phase: 'Running' } });
  expect((await good('get deploy,svc -o name')).split('\n')).toContain('deployment.apps/reviews-v3');
  expect(await good('get all -l app=ratings')).toMatch(
    /pod\/ratings-v1.*[\s\S]*replicaset\.apps\/ratings-v1/,
  );
});

test('apply --wait returns when every sidecar runs the change', async () => {
  const out = await good(`apply --wait -f ${MANIFESTS}/virtual-service-reviews-v3.yaml`);
  expect(out).toMatch(/reviews configured\nlive on every sidecar \(6\)\n$/);
  expect(await good('proxy status')).toMatch(/productpage-v1-\S+ +sidecar +SYNCED +SYNCED +SYNCED +SYNCED/);
  expect(await good('proxy config deployment/productpage-v1 routes')).toMatch(
    /reviews\.default\.svc\.cluster\.local v3/,
  );
  expect(await good(`apply -f ${MANIFESTS}/virtual-service-reviews-v3.yaml`)).toContain('reviews unchanged');
});

test('apply tells every mistake with its place and changes nothing', async () => {
  const bad =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: fine }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { typo: 1, ports: [{ port: 99999 }] }\n';
  const { code, err } = await weft('apply -f -', bad);
  expect(code).toBe(1);
  expect(err).toMatch(/2 mistakes; nothing was changed\n {2}stdin:8: .*port.*\n {2}stdin:8: .*typo/);
  expect((await weft('get configmap fine')).code).toBe(1);
});

test('exec runs a command in a container and passes on its exit code and streams', async () => {
  expect(await good('exec deployment/details-v1 -c details -- node -p process.version')).toMatch(/^v\d+/);
  expect((await weft('exec deployment/details-v1 -- node -e process.exit(7)')).code).toBe(7);
  expect(await good('exec -i deployment/details-v1 -- cat', 'over there\n')).toBe('over there\n');
});

test('logs and describe tell what a pod did', async () => {
  expect(await good('logs deployment/reviews-v3 --tail 5')).toMatch(/GET \/reviews\/0 200/);
  expect(await good('describe pod -l app=ratings')).toMatch(
    /Limits: +cpu 500m, memory 128Mi[\s\S]*Started container/,
  );
});

test('scale, rollout status and delete follow the pods', async () => {
  await good('scale deployment/details-v1 --replicas 2');
  expect(await good('rollout status deployment/details-v1')).toMatch(/successfully rolled out/);
  expect((await good('get pods -l app=details -o name')).trim().split('\n')).toHaveLength(2);
  expect(await good('delete deployment details-v1')).toBe('deployment.apps/details-v1 deleted\n');
});

test('a kubeconfig names the server and is nobody else’s to read', async () => {
  const file = join(directory, 'kubeconfig');
  await good(`kubeconfig -w ${file}`);
  const { code } = await new Promise<{ code: number | null }>((resolve) => {
    const child = spawn(WEFT, ['get', 'nodes'], {
      env: { ...env, WEFT_DATA_DIR: '/nonexistent', WEFT_KUBECONFIG: file },
    });
    child.once('close', (exit) => resolve({ code: exit }));
  });
  expect(code).toBe(0);
});

describe('what is killed comes back', () => {
  test.each(['control-plane', 'node-runtime'])('%s', async (program) => {
    const state = JSON.parse((await weft('status -o json')).out);
    const before = state.programs.find((entry: { program: string }) => entry.program === program).pid;
    process.kill(before, 'SIGKILL');
    await expect.poll(async () => (await weft('status')).code, { timeout: 30_000 }).toBe(0);
    const after = JSON.parse(await good('status -o json')).programs.find(
      (entry: { program: string }) => entry.program === program,
    );
    expect(after.pid).not.toBe(before);
    expect(after.restarts).toBe(1);
  });
});

test('down removes every trace, also when everything of the mesh was killed', async () => {
  for (const entry of JSON.parse((await weft('status -o json')).out).programs)
    process.kill(entry.pid, 'SIGKILL');
  expect(await good('down')).toMatch(/The mesh is down/);
  expect(leftovers()).toEqual([]);
  expect(await good('down')).toMatch(/No mesh was up/);
});

test('what was applied is there again after the next start', async () => {
  await good('up');
  expect(await good('get virtualservice -o name')).toMatch(/reviews/);
  expect(await good('rollout status deployment/ratings-v1 --timeout 60s')).toMatch(/successfully rolled out/);
  expect(await good('down --purge')).toMatch(/its data is gone/);
  expect(leftovers()).toEqual([]);
  expect(existsSync(env.WEFT_DATA_DIR)).toBe(false);
});

test('a port that somebody holds is named with who holds it', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  const { code, err } = await weft(`up --api-port ${port}`);
  holder.close();
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(
      new RegExp(`port ${port} is in use by .*pid ${process.pid}.*weft up --api-port`),
    ),
  });
});

test('a store that is corrupt is named, and nothing of it is lost', async () => {
  await good('up');
  await good('down');
  const store = join(env.WEFT_DATA_DIR, 'store.db');
  const broken = Buffer.alloc(8192, 'not a database');
  writeFileSync(store, broken);
  const { code, err } = await weft('up');
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(/control-plane does not start[\s\S]*store/),
  });
  expect(readFileSync(store).equals(broken)).toBe(true);
});
