import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boundToNode, completed, gapsOf, platformEntry } from '../../scripts/complete-lock.ts';

describe('package-lock.json', () => {
  test('names every platform package, so that npm ci works with every npm and registry', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    expect(gapsOf(lock), 'run: node scripts/complete-lock.ts').toEqual([]);
  });

  test('binds no optional package to a Node.js, so that npm on an old one leaves none out', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    expect(boundToNode(lock), 'run: node scripts/complete-lock.ts').toEqual([]);
  });

  test('names no registry', () => {
    expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved"/);
  });
});

describe('completing a lock file', () => {
  test.each([
    ['@biomejs/cli-linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
    ['@bufbuild/buf-linux-armv7', { os: ['linux'], cpu: ['arm'] }],
    ['@oxc-parser/binding-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
    ['@oxc-parser/binding-win32-ia32-msvc', { os: ['win32'], cpu: ['ia32'] }],
    ['@rolldown/binding-wasm32-wasi', { cpu: ['wasm32'] }],
  ])('reads the platform off %s', (name, platform) => {
    expect(platformEntry(name, '1.2.3', true)).toEqual({
      version: '1.2.3',
      dev: true,
      optional: true,
      ...platform,
    });
  });

  test('leaves a package alone whose name tells no platform', () => {
    expect(platformEntry('fsevents', '2.3.3', false)).toBeUndefined();
  });

  test('fills the gaps and nothing else', () => {
    const parent = {
      version: '1.0.0',
      optionalDependencies: { '@x/y-linux-x64': '1.0.0', '@x/y-win32-x64': '1.0.0' },
    };
    const lock = {
      packages: { 'node_modules/@x/y': parent, 'node_modules/@x/y-linux-x64': { version: '1.0.0' } },
    };
    expect(Object.keys(completed(lock).packages)).toEqual([
      'node_modules/@x/y',
      'node_modules/@x/y-linux-x64',
      'node_modules/@x/y-win32-x64',
    ]);
    expect(gapsOf(completed(lock))).toEqual([]);
  });

  test('takes the Node.js that optional packages ask for, and keeps that of the others', () => {
    const lock = {
      packages: {
        'node_modules/@x/y-linux-x64': { version: '1.0.0', optional: true, engines: { node: '>=22' } },
        'node_modules/z': { version: '1.0.0', engines: { node: '>=22' } },
      },
    };
    expect(boundToNode(lock)).toEqual(['node_modules/@x/y-linux-x64']);
    expect(completed(lock).packages).toEqual({
      'node_modules/@x/y-linux-x64': { version: '1.0.0', optional: true },
      'node_modules/z': { version: '1.0.0', engines: { node: '>=22' } },
    });
  });
});
