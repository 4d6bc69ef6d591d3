import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayOf } from '#api/mesh/addresses.ts';
import { readMeshConfig } from '#api/mesh/config.ts';
import { eventually } from '../support/eventually.ts';

/** The viewer beside the demo, as people start it: `./weft demo --with-traces`. One story, told in order. */
const directory = mkdtempSync(join(tmpdir(), 'weft-traces-'));
const env = {
  ...process.env,
  WEFT_DATA_DIR: join(directory, 'data'),
  WEFT_RUN_DIR: join(directory, 'run'),
  WEFT_KUBECONFIG: '',
  WEFT_JAEGER: 'none',
  NO_COLOR: '1',
};

/** Runs `./weft WORDS` and resolves with what it printed. */
function weft(...words: readonly string[]): Promise<string> {
  const child = spawn(join(process.cwd(), 'weft'), words, { env });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      out += chunk;
    });
  return new Promise((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${words.join(' ')}: ${code} ${out}`)),
    );
  });
}

/** Processes of the viewer itself, not its keeper. */
function viewers(): { readonly pid: number; readonly uids: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        if (
          !argv.includes(join(env.WEFT_DATA_DIR, 'mesh.json')) ||
          !argv.some((word) => word.endsWith('/trace-viewer/main.ts'))
        )
          return [];
        if (argv.some((word) => word.endsWith('/keeper.sh'))) return [];
        const uids = /^Uid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
        return [{ pid: Number(pid), uids }];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

let said = '';
let viewer = '';
beforeAll(async () => {
  said = await weft('demo', '--with-traces');
  viewer = /all traces +(http:\S+)\/search/.exec(said)?.[1] ?? '';
});
afterAll(async () => {
  await weft('down', '--purge').catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

describe('the demo with traces', () => {
  test('leads to a page on which every hop of a request is', async () => {
    const url = / a trace +(http:\S+)/.exec(said)?.[1] ?? '';
    const answer = await fetch(url);
    const text = await answer.text();
    expect(answer.status).toBe(200);
    for (const service of ['productpage', 'details', 'reviews'])
      expect(text).toContain(`>${service}.default</span>`);
    expect(text).not.toContain('parent missing');
    expect(text.match(/class="kind">server/g)!.length).toBeGreaterThanOrEqual(3);
  });

  test('answers as Jaeger does', async () => {
    const { data } = (await (await fetch(`${viewer}/api/services`)).json()) as { data: string[] };
    expect(data).toEqual(
      expect.arrayContaining(['details.default', 'productpage.default', 'reviews.default']),
    );
  });

  test('runs the viewer as nobody, and says so in its status', async () => {
    expect(viewers().map(({ uids }) => uids.split(/\s+/))).toEqual([['65534', '65534', '65534', '65534']]);
    expect(await weft('status')).toMatch(/● traces +running/);
  });

  test('lets pods send, and neither read nor reach anything else there', async () => {
    const config = readMeshConfig(env.WEFT_DATA_DIR);
    const { port, httpPort } = config.addons.traces!;
    const from = (target: string): Promise<string> =>
      weft(
        'exec',
        'deployment/productpage-v1',
        '--',
        'node',
        '-e',
        `fetch('http://${gatewayOf(config)}:${target}').then((r) => console.log(r.status), () => console.log('no'))`,
      );
    expect((await from(`${httpPort}/v1/traces`)).trim()).toBe('405');
    // The sidecar is refused, and tells its app in its own words.
    for (const closed of [port, config.monitoringPort])
      expect((await from(`${closed}/`)).trim()).toMatch(/^(no|503)$/);
  });

  test('has the viewer back when it was killed', async () => {
    const [killed] = viewers();
    process.kill(killed!.pid, 'SIGKILL');
    await eventually('another viewer serves', async () => {
      if (viewers().some(({ pid }) => pid === killed!.pid)) return undefined;
      return (await fetch(`${viewer}/healthz`)).ok || undefined;
    });
  });

  test('ends it with the mesh', async () => {
    await weft('down');
    expect(viewers()).toEqual([]);
  });
});
