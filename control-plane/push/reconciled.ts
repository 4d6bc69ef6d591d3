import type { Diagnosis } from '#control-plane/translation/diagnosis.ts';
import type { Statement } from './status-writer.ts';

const RECONCILED = 'Reconciled';

/** What translation found of a rule, as its condition `Reconciled`. A ConfigMap has no status to say it in. */
export function reconciled({ kind, key, findings }: Diagnosis): Statement[] {
  if (kind === 'ConfigMap') return [];
  const first = findings.find(({ hint }) => hint !== true);
  return [
    {
      about: { kind, key },
      condition: {
        type: RECONCILED,
        status: first === undefined ? 'True' : 'False',
        reason: first?.reason ?? RECONCILED,
        message: findings.map(({ message }) => message).join('; '),
      },
    },
  ];
}
