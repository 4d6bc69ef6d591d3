import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

describe('the arguments of the control plane', () => {
  it.each([
    [['--config', '/var/lib/weft/mesh.json'], { dataDir: '/var/lib/weft', logLevel: 'info' }],
    [['--data-dir', '/srv/weft', '--log-level', 'debug'], { dataDir: '/srv/weft', logLevel: 'debug' }],
  ])('%j', (words, expected) => {
    expect(parseArguments(words)).toEqual(expected);
  });

  it.each([
    [[]],
    [['--config', '/a/mesh.json', '--data-dir', '/a']],
    [['--config', '/a/other.json']],
    [['--data-dir', '/a', '--log-level', 'loud']],
    [['--port', '1']],
    [['--config']],
  ])('refuses %j', (words) => {
    expect(() => parseArguments(words)).toThrow(expect.objectContaining({ code: 'Usage' }));
  });
});
