import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { askedAddons } from './flags.ts';
import { configurationFor } from './prometheus.ts';

test('the example becomes the configuration of a mesh: every discovery asks its control plane', () => {
  const example = readFileSync('examples/prometheus/prometheus.yml', 'utf8');
  const { scrape_configs: jobs } = parse(configurationFor(example, 29_123));
  expect(jobs.length).toBeGreaterThan(2);
  for (const { http_sd_configs: discovery } of jobs)
    expect(discovery).toMatchObject([{ url: 'http://127.0.0.1:29123/sd/prometheus' }]);
});

test.each([
  ['nothing', {}, {}],
  ['the flag', { withPrometheus: true }, { prometheus: {} }],
  ['the flag with a port', { withPrometheus: 9191 }, { prometheus: { port: 9191 } }],
  ['the flag against it', { withoutPrometheus: true }, { prometheus: false }],
  ['other flags', { apiPort: 7443 }, {}],
])('%s asks for addons', (_name, options, asked) => {
  expect(askedAddons(options)).toEqual(asked);
});
