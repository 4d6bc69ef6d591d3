import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chooseConfig, DEFAULT_PLACE } from '../mesh/choose-config.ts';
import { chooseAddons } from './choose-addons.ts';
import { findJaeger, jaegerConfiguration } from './jaeger.ts';
import { TRACES } from './traces.ts';

const bare = chooseConfig(DEFAULT_PLACE, 'node', {}, { ports: new Set<number>(), ranges: [] });
const config = { ...bare, addons: chooseAddons(bare, { traces: {} }, new Set(), new Set()) };

describe('the trace viewer beside a mesh', () => {
  test('has the ports of Jaeger and of OTLP, and those after its own beside another mesh', () => {
    expect(TRACES.ports(config)).toEqual([16686, 4317, 4318]);
    const place = { dataDir: '/tmp/a/data', runDir: '/tmp/a/run' };
    const other = chooseConfig(place, 'node', {}, { ports: new Set<number>(), ranges: [] });
    const first = other.apiPort;
    const addons = chooseAddons(other, { prometheus: {}, traces: {} }, new Set(), new Set());
    expect(TRACES.ports({ ...other, addons })).toEqual([first + 5, first + 6, first + 7]);
  });

  test('is known by its command line, for its own mesh alone', () => {
    const argv = TRACES.command(config);
    expect(TRACES.owns(['/bin/sh', 'keeper.sh', ...argv], '/var/lib/weft/mesh.json')).toBe(true);
    expect(TRACES.owns(argv, '/var/lib/other/mesh.json')).toBe(false);
    expect(
      TRACES.owns(['jaeger', '--config=file:/var/lib/weft/traces/jaeger.yaml'], '/var/lib/weft/mesh.json'),
    ).toBe(true);
  });

  test('listens to pods at the gateway and to people on the loopback, as nobody', () => {
    const argv = TRACES.command(config).join(' ');
    expect(argv).toContain('--pages 127.0.0.1:16686 --grpc 10.244.0.1:4317 --http 10.244.0.1:4318 --user ');
    expect(argv).toContain('--no-new-privs');
    expect(argv).not.toMatch(/--user 0:/);
  });
});

describe('Jaeger', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'jaeger-'));
    mkdirSync(join(directory, 'other', 'jaeger'), { recursive: true });
    writeFileSync(join(directory, 'jaeger'), '#!/bin/sh\n');
    chmodSync(join(directory, 'jaeger'), 0o755);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('is used where the path has it, a directory of that name is not it', () => {
    expect(findJaeger({ PATH: `relative:${directory}/other:${directory}` })).toBe(`${directory}/jaeger`);
    expect(findJaeger({ PATH: `${directory}/other` })).toBeUndefined();
    expect(findJaeger({})).toBeUndefined();
  });

  test('is the one that the environment names, or none', () => {
    expect(findJaeger({ WEFT_JAEGER: `${directory}/jaeger`, PATH: '' })).toBe(`${directory}/jaeger`);
    expect(findJaeger({ WEFT_JAEGER: 'none', PATH: directory })).toBeUndefined();
    expect(() => findJaeger({ WEFT_JAEGER: `${directory}/none` })).toThrow(/names .* which is no program/);
    expect(() => findJaeger({ WEFT_JAEGER: 'jaeger', PATH: directory })).toThrow(/absolute path/);
  });

  test('listens where the viewer would, and nowhere else', () => {
    const text = jaegerConfiguration({ pages: '127.0.0.1:1', grpc: '10.0.0.1:2', http: '10.0.0.1:3' });
    const endpoints = [...text.matchAll(/endpoint: "?([\w.:]+)/g)].map(([, endpoint]) => endpoint);
    expect(endpoints).toEqual(['127.0.0.1:1', '127.0.0.1:0', '10.0.0.1:2', '10.0.0.1:3']);
    const { service, exporters } = parse(text);
    expect(service.telemetry.metrics.level).toBe('none');
    expect(Object.keys(exporters)).toEqual(service.pipelines.traces.exporters);
  });
});
