/** What the control plane finds wrong or useless in the configuration. */
import { z } from 'zod';
import type { HttpClient } from '#api/client/http-client.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import type { Applied } from './apply.ts';

const Answer = z.looseObject({
  findings: z.array(z.looseObject({ object: z.string(), reason: z.string(), message: z.string() })),
});
export type Finding = z.infer<typeof Answer>['findings'][number];

/** In what is stored, or in what would be with these objects in it. */
export async function analyze(client: HttpClient, objects: readonly KubeObject[]): Promise<Finding[]> {
  return Answer.parse(await client.request('POST', '/weft/v1/analyze', { body: { objects } })).findings;
}

/** A line for each finding on what was just applied: it is live, and may still not do what was meant. */
export async function findingsOn(client: HttpClient, applied: readonly Applied[]): Promise<string[]> {
  const names = new Set(
    applied.map(
      ({ manifest, object: { metadata } }) =>
        `${manifest.kind.kind} ${metadata.namespace ?? 'default'}/${metadata.name}`,
    ),
  );
  const found = await analyze(client, []);
  return found
    .filter(({ object }) => names.has(object))
    .map(({ object, message }) => `${object}: ${message}`);
}
