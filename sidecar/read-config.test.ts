import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { readSidecarConfig } from './read-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-config-'));
const path = join(directory, 'sidecar.json');
afterAll(() => rmSync(directory, { recursive: true }));

const LEAST = { pod: 'p', namespace: 'n', podIp: '10.0.0.1', workload: 'w', discoveryAddress: 'unix:/x' };
const COMPLETE = SidecarConfig.parse({ ...LEAST, labels: { app: 'a' }, adminSocket: '/run/admin.sock' });

function read(value: unknown): Promise<SidecarConfig> {
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return readSidecarConfig(path);
}

test.each<[string, SidecarConfig]>([
  ['a sidecar', COMPLETE],
  ['a gateway', { ...COMPLETE, role: 'router' }],
  ['one with a name server', { ...COMPLETE, nameServer: '10.244.0.1:5054' }],
  ['one whose app has metrics', { ...COMPLETE, appMetrics: { port: 8080, path: '/metrics' } }],
])('a complete file of %s is taken as it is, without the schema', async (_name, config) => {
  const parse = vi.spyOn(SidecarConfig, 'safeParse');
  expect(await read(config)).toEqual(config);
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();
});

test('every field of the schema may stand in a complete file', async () => {
  const parse = vi.spyOn(SidecarConfig, 'safeParse');
  const all = {
    ...COMPLETE,
    nameServer: '10.244.0.1:5054',
    appMetrics: { port: 8080, path: '/metrics' },
    version: '1.2.3',
  };
  expect(Object.keys(all).sort()).toEqual(Object.keys(SidecarConfig.shape).sort());
  await read(all);
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();
});

test('what is left out gets its default', async () => {
  expect(await read(LEAST)).toEqual(SidecarConfig.parse(LEAST));
});

test.each<[string, unknown, RegExp]>([
  ['no JSON', '{', /JSON/],
  ['no object', [], /file: .*object/],
  ['a missing name', { ...COMPLETE, pod: undefined }, /pod: .*string/],
  ['an unknown field', { ...COMPLETE, colour: 'red' }, /colour/],
  ['an unknown port', { ...COMPLETE, ports: { ...COMPLETE.ports, extra: 1 } }, /extra/],
  ['a port out of range', { ...COMPLETE, ports: { ...COMPLETE.ports, admin: 70_000 } }, /ports\.admin/],
  ['a label that is a number', { ...COMPLETE, labels: { app: 1 } }, /labels\.app/],
  ['a drain time with a fraction', { ...COMPLETE, drainMs: 1.5 }, /drainMs/],
  ['a log level that does not exist', { ...COMPLETE, logLevel: 'loud' }, /logLevel/],
  ['a role that does not exist', { ...COMPLETE, role: 'king' }, /role/],
  ['a name server that is no address', { ...COMPLETE, nameServer: 7 }, /nameServer/],
  ['a socket that is no path', { ...COMPLETE, adminSocket: 7 }, /adminSocket/],
  ['an endless version', { ...COMPLETE, version: 'v'.repeat(65) }, /version/],
  ['metrics at no port', { ...COMPLETE, appMetrics: { port: 0, path: '/' } }, /appMetrics\.port/],
  ['metrics at no path', { ...COMPLETE, appMetrics: { port: 80, path: 'm' } }, /appMetrics\.path/],
])('%s is refused by name', async (_name, value, reason) => {
  await expect(read(value)).rejects.toThrow(reason);
});

test('every mistake is listed', async () => {
  await expect(read({})).rejects.toThrow(/pod: .*; namespace: .*; podIp: .*; workload: /);
});
