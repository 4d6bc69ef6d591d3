import { describe, expect, test } from 'vitest';
import { addressOf, formatKubeconfig } from './kubeconfig.ts';

const ADDRESS = { server: 'https://127.0.0.1:6443', token: 't0ken', ca: '-----BEGIN CERTIFICATE-----\n' };

test('a kubeconfig that was written is read back', () => {
  expect(addressOf(formatKubeconfig('weft', ADDRESS), 'f')).toMatchObject(ADDRESS);
});

describe('a kubeconfig is refused', () => {
  const good = formatKubeconfig('weft', ADDRESS);
  test.each([
    ['that is no YAML', 'a: [', /f is not a kubeconfig/],
    ['that is something else', 'a: 1', /f is not a kubeconfig/],
    [
      'without its current context',
      good.replace('current-context: weft', 'current-context: other'),
      /no context named "other"/,
    ],
    [
      'without the user of the context',
      good.replace('name: weft-admin', 'name: x'),
      /no user named "weft-admin"/,
    ],
  ])('%s', (_name, text, message) => {
    expect(() => addressOf(text, 'f')).toThrow(message);
  });
});
