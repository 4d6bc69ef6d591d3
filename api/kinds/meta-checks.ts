import type { AnyKind, Check, Mistake } from './kind.ts';
import type { KubeObject } from './meta.ts';

/** RFC 1123 label and subdomain, as Kubernetes restricts names. */
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;

/** Kinds whose name becomes a DNS label, and so is at most 63 characters. */
const LABEL_KINDS = new Set(['Namespace', 'Service']);

function nameMistakes(kind: AnyKind, name: string | undefined, path: string): Mistake[] {
  if (name === undefined) return [];
  const label = LABEL_KINDS.has(kind.kind);
  const limit = label ? 63 : 253;
  if (name.length > limit)
    return [{ path, message: `is ${name.length} characters long; at most ${limit} are allowed` }];
  if (!(label ? LABEL : SUBDOMAIN).test(name)) {
    const shape = label ? 'a-z, 0-9 and "-"' : 'a-z, 0-9, "-" and "."';
    return [{ path, message: `must consist of ${shape}, and start and end with a letter or digit` }];
  }
  if (kind.kind === 'Service' && /^[0-9]/.test(name)) return [{ path, message: 'must start with a letter' }];
  return [];
}

function keyMistakes(key: string, path: string): Mistake[] {
  const slash = key.lastIndexOf('/');
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  const fine =
    name.length <= 63 &&
    QUALIFIED_NAME.test(name) &&
    (prefix === undefined || (prefix.length <= 253 && SUBDOMAIN.test(prefix)));
  return fine
    ? []
    : [
        {
          path: `${path}[${key}]`,
          message: 'the key is not a qualified name such as app or example.com/app',
        },
      ];
}

/** Kubernetes' rules for names, labels and annotations. */
export function metaChecks(kind: AnyKind): Check<KubeObject>[] {
  return [
    {
      name: 'the name is well formed',
      check: ({ metadata }) => {
        if (metadata.name === undefined && metadata.generateName === undefined) {
          return [{ path: 'metadata.name', message: 'is required' }];
        }
        return nameMistakes(kind, metadata.name, 'metadata.name');
      },
    },
    {
      name: 'the namespace is well formed, and absent where there is none',
      check: ({ metadata }) => {
        if (metadata.namespace === undefined) return [];
        if (!kind.namespaced)
          return [{ path: 'metadata.namespace', message: `a ${kind.kind} has no namespace` }];
        return metadata.namespace.length <= 63 && LABEL.test(metadata.namespace)
          ? []
          : [{ path: 'metadata.namespace', message: 'must be a DNS label of at most 63 characters' }];
      },
    },
    {
      name: 'labels and annotations are well formed',
      check: ({ metadata }) => [
        ...Object.entries(metadata.labels ?? {}).flatMap(([key, value]): Mistake[] => [
          ...keyMistakes(key, 'metadata.labels'),
          ...(value.length <= 63 && LABEL_VALUE.test(value)
            ? []
            : [
                {
                  path: `metadata.labels[${key}]`,
                  message: 'the value must be at most 63 letters, digits, "-", "_" or "."',
                },
              ]),
        ]),
        ...Object.keys(metadata.annotations ?? {}).flatMap((key) => keyMistakes(key, 'metadata.annotations')),
      ],
    },
  ];
}
