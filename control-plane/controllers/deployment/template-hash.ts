import type { Deployment } from '#api/kinds/deployment.ts';
import type { PodTemplate } from '#api/kinds/pod-spec.ts';
import { canonical, same } from '../same.ts';

/** Tells the pods of one revision of a Deployment from those of another. */
export const TEMPLATE_HASH_LABEL = 'pod-template-hash';

/** Kubernetes' alphabet for hashes in names: no vowels, so no words. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

/** A short hash of the template, fit for names and labels. `collisions` gives another one when the name was taken. */
export function templateHash(template: PodTemplate, collisions: number): string {
  const text = canonical(withoutHash(template)) + (collisions === 0 ? '' : `#${collisions}`);
  let value = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text))
    value = ((value ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  const folded = Number((value >> 32n) ^ (value & 0xffffffffn));
  return [...String(folded)].map((digit) => SAFE[Number(digit) % SAFE.length]).join('');
}

/** `NAME-HASH`: the set of the Deployment's present template. */
export function currentName(deployment: Deployment): string {
  const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount ?? 0);
  return `${deployment.metadata.name}-${hash}`;
}

/** Whether two templates make the same pods; the hash label that the controller adds does not count. */
export function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return same(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplate): PodTemplate {
  const { [TEMPLATE_HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {};
  const { annotations } = template.metadata ?? {};
  return { metadata: { labels, annotations: annotations ?? {} }, spec: template.spec };
}
