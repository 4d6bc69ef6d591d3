import { describe, expect, test } from 'vitest';
import { readSettings } from './settings.ts';

const ADDRESSES = ['--pages', '127.0.0.1:1', '--grpc', '10.0.0.1:2', '--http', '10.0.0.1:3'];

describe('settings', () => {
  test('are addresses, and whom to become', () => {
    expect(readSettings([...ADDRESSES, '--user', '65534:65534', '--mesh', '/x'])).toEqual({
      pages: { host: '127.0.0.1', port: 1 },
      grpc: { host: '10.0.0.1', port: 2 },
      http: { host: '10.0.0.1', port: 3 },
      user: { uid: 65_534, gid: 65_534 },
    });
    expect(readSettings(ADDRESSES).user).toBeUndefined();
  });

  test.each([
    [[], /--pages needs/],
    [['--pages', 'localhost:1'], /--pages needs/],
    [[...ADDRESSES, '--http', '10.0.0.1:99999'], /--http needs/],
    [[...ADDRESSES, '--user', '0:0'], /not root/],
    [[...ADDRESSES, '--user', 'nobody'], /--user needs/],
    [[...ADDRESSES, '--verbose'], /verbose/],
  ])('%j is refused', (argv, reason) => expect(() => readSettings(argv)).toThrow(reason));
});
