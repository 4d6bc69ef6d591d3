import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientFromMesh } from '#api/client/http-client.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { makeMesh, type Program, removeMesh, startProgram } from './program-fixture.ts';

let config: MeshConfig;
let programs: Program[];
beforeEach(async () => {
  config = await makeMesh();
  programs = [];
});
afterEach(async () => {
  for (const { process, ended } of programs) {
    process.kill('SIGKILL');
    await ended;
  }
  removeMesh(config);
});

function start(): Program {
  const program = startProgram(['--config', pathsOf(config).config]);
  programs.push(program);
  return program;
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

describe('the control plane as a program', () => {
  it('serves the API and its metrics, says so, and stops on SIGTERM', async () => {
    const program = start();
    await program.serving;
    const client = clientFromMesh(config);
    const { items } = await client.list(Namespace);
    expect(items.map((item) => item.metadata.name)).toEqual(
      expect.arrayContaining(['default', 'kube-system']),
    );
    await client.close();

    const monitoring = `http://127.0.0.1:${config.monitoringPort}`;
    expect((await fetch(`${monitoring}/ready`)).status).toBe(200);
    expect(await (await fetch(`${monitoring}/metrics`)).text()).toMatch(
      /apiserver_request_total\{verb="LIST",.*resource="namespaces",.*code="200"\} \d/,
    );
    expect((await fetch(`${monitoring}/elsewhere`)).status).toBe(404);
    const { controlPlanePid } = pathsOf(config);
    expect(readFileSync(controlPlanePid, 'utf8').trim()).toBe(String(program.process.pid));

    program.process.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(() => readFileSync(controlPlanePid)).toThrow('ENOENT');
    for (const line of program.log) expect(JSON.parse(line)).toHaveProperty('message');
  });

  it('goes on after SIGKILL with what it acknowledged, and with the same credentials', async () => {
    const first = start();
    await first.serving;
    const client = clientFromMesh(config);
    const made = await client.create(ConfigMap, configMap('kept'));
    first.process.kill('SIGKILL');
    await first.ended;
    await start().serving;
    expect(await client.get(ConfigMap, 'default', 'kept')).toEqual(made);
    await client.close();
  });

  async function refusal(): Promise<{ code: unknown; line: { message: string; code: string } }> {
    const program = start();
    const code = await program.ended;
    expect(program.log.filter((line) => line.includes('"level":"error"'))).toHaveLength(1);
    return { code, line: JSON.parse(program.log.at(-1) ?? '') };
  }

  it.each(['apiPort', 'monitoringPort', 'xdsPort'] as const)(
    'says in one line that the %s is taken, and by whom to find out',
    async (port) => {
      const taken = createServer().listen(config[port], '127.0.0.1');
      const { code, line } = await refusal();
      taken.close();
      expect(code).toBe(1);
      expect(line.message).toContain(String(config[port]));
      expect(line.message).toContain(';');
    },
  );

  it('refuses a damaged store, and leaves it alone', async () => {
    const { store } = pathsOf(config);
    writeFileSync(store, 'not a database, by any means\n'.repeat(300));
    const before = readFileSync(store, 'utf8');
    const { code, line } = await refusal();
    expect([code, line.code]).toEqual([1, 'StoreCorrupt']);
    expect(line.message).toContain(store);
    expect(readFileSync(store, 'utf8')).toBe(before);
  });

  it('refuses a second control plane on the same store', async () => {
    await start().serving;
    const second = await refusal();
    expect(second.line.code).toBe('StoreInUse');
  });

  it('says what to do when no mesh is configured', async () => {
    const program = startProgram(['--data-dir', '/nonexistent/weft']);
    programs.push(program);
    expect(await program.ended).toBe(1);
    expect(program.log).toHaveLength(1);
    expect(program.log[0]).toContain('weft up');
  });

  it('refuses words that it does not know, with exit code 2', async () => {
    const program = startProgram(['--listen', '1']);
    programs.push(program);
    expect(await program.ended).toBe(2);
  });
});
