import { describe, expect, test } from 'vitest';
import { chooseConfig, DEFAULT_PLACE, type HostUse } from './choose-config.ts';
import { overlaps, parseCidr } from './cidr.ts';

const NOTHING: HostUse = { ports: new Set(), ranges: [] };
const place = (name: string) => ({ dataDir: `/tmp/${name}/data`, runDir: `/tmp/${name}/run` });
const choose = (name: string, use = NOTHING) => chooseConfig(place(name), 'node', {}, use);

describe('a new mesh', () => {
  test('in the default directories has the well-known names and ports', () => {
    expect(chooseConfig(DEFAULT_PLACE, 'node', {}, NOTHING)).toMatchObject({
      id: 'weft',
      apiPort: 6443,
      xdsPort: 15010,
      monitoringPort: 15014,
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
    });
  });

  test('in other directories is always the same one', () => {
    expect(choose('a')).toEqual(choose('a'));
  });

  test('in other directories is another one: names, ports and ranges differ from the default and each other', () => {
    const meshes = Array.from({ length: 200 }, (_, i) => choose(`mesh-${i}`));
    expect(new Set(meshes.map((mesh) => mesh.id)).size).toBe(meshes.length);
    for (const mesh of meshes) {
      expect(mesh.id).toMatch(/^w[a-z0-9]{7}$/);
      expect(new Set([mesh.apiPort, mesh.xdsPort, mesh.monitoringPort]).size).toBe(3);
      expect(mesh.apiPort).toBeLessThan(32_768);
      expect(overlaps(parseCidr(mesh.podCidr)!, parseCidr(mesh.serviceCidr)!)).toBe(false);
    }
  });

  test('steps aside from ports and ranges in use', () => {
    const first = choose('a');
    const use = { ports: new Set([first.xdsPort]), ranges: [parseCidr(first.podCidr)!] };
    const second = choose('a', use);
    expect(second.apiPort).not.toBe(first.apiPort);
    expect(second.podCidr).not.toBe(first.podCidr);
  });

  test('takes what it is told', () => {
    expect(
      chooseConfig(DEFAULT_PLACE, 'node', { apiPort: 7443, podCidr: '10.9.0.0/16' }, NOTHING),
    ).toMatchObject({
      apiPort: 7443,
      podCidr: '10.9.0.0/16',
    });
  });

  test('refuses a range that is none', () => {
    expect(() => chooseConfig(DEFAULT_PLACE, 'node', { podCidr: 'x' }, NOTHING)).toThrow(/podCidr/);
  });

  test('says so when there is no room left', () => {
    const everything = { ports: new Set<number>(), ranges: [parseCidr('10.0.0.0/8')!] };
    expect(() => choose('a', everything)).toThrow(/no free address ranges/);
  });
});

describe('address ranges', () => {
  test.each([
    ['10.1.0.0/16', '10.1.2.0/24', true],
    ['10.1.0.0/16', '10.2.0.0/16', false],
    ['0.0.0.0/0', '10.2.0.0/16', true],
    ['10.1.2.3/32', '10.1.2.3/32', true],
    ['128.0.0.0/1', '200.0.0.0/8', true],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlaps(parseCidr(a)!, parseCidr(b)!)).toBe(expected);
  });

  test.each(['10.0.0.0', '10.0.0.0/33', '256.0.0.0/8', 'a/8', ''])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});
