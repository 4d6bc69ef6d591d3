import { expect, test } from 'vitest';
import { Deployment } from './deployment.ts';
import type { AnyKind } from './kind.ts';
import { Pod } from './pod.ts';
import { validate } from './validate.ts';

const RATE_LIMIT = 'traffic.weft.dev/local-rate-limit';
const containers = [{ name: 'app' }];

function pod(annotations: Record<string, string>): object {
  const metadata = { name: 'web', namespace: 'default', annotations };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } };
}

function deployment(annotations: Record<string, string>): object {
  const labels = { app: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec: { containers } },
    },
  };
}

test.each<[string, AnyKind, (annotations: Record<string, string>) => object, string]>([
  ['a pod', Pod, pod, 'metadata.annotations'],
  ["a Deployment's template", Deployment, deployment, 'spec.template.metadata.annotations'],
])('%s says which annotation is wrong', (_, kind, make, path) => {
  const sound = {
    [RATE_LIMIT]: '{"maxTokens":1,"fillInterval":"1s"}',
    'traffic.weft.dev/adaptive-concurrency': 'true',
  };
  expect(validate(kind, make(sound))).toMatchObject({ ok: true });
  expect(validate(kind, make({ [RATE_LIMIT]: '{"maxTokens":1,"fillInterval":"1"}' }))).toEqual({
    ok: false,
    mistakes: [
      {
        path: `${path}[${RATE_LIMIT}]`,
        message: 'fillInterval: must be a duration such as "1s", from 50ms to 24h',
      },
    ],
  });
});
