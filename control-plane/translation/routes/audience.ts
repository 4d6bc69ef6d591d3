/**
 * Routes may differ between readers, but most do not, and those that do ask for little: a namespace by name, a set
 * of labels. Readers that answer the questions of a rule alike share what is made of it.
 */
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import { compare } from '../model/host-match.ts';
import type { Reader } from './reader.ts';
import type { ResolvedRule } from './resolved-rule.ts';

/** What the shape of something depends on, beside the inputs. */
export interface Questions {
  /** Namespaces that are named; all others are alike. */
  readonly namespaces: ReadonlySet<string>;
  /** Label sets that are asked for, by their canonical text, in the order of that text. */
  readonly labels: ReadonlyMap<string, Labels>;
}

export const NO_QUESTIONS: Questions = { namespaces: new Set(), labels: new Map() };

/** The same for readers that get the same. */
export function audienceOf({ namespaces, labels }: Questions, reader: Reader): string {
  const namespace = namespaces.has(reader.namespace) ? reader.namespace : '';
  if (labels.size === 0) return namespace;
  const answers = [...labels.values()].map((wanted) => (carries(reader.labels, wanted) ? '1' : '0'));
  return `${namespace}/${answers.join('')}`;
}

export function allQuestions(parts: Iterable<Questions>): Questions {
  const list = [...parts].filter((part) => part !== NO_QUESTIONS);
  if (list.length === 0) return NO_QUESTIONS;
  const labels = list.flatMap((part) => [...part.labels]);
  return {
    namespaces: new Set(list.flatMap((part) => [...part.namespaces])),
    labels: new Map(labels.sort(([a], [b]) => compare(a, b))),
  };
}

export function questionsAbout(namespaces: readonly string[], labels: readonly Labels[] = []): Questions {
  if (namespaces.length === 0 && labels.length === 0) return NO_QUESTIONS;
  const named = labels
    .filter((wanted) => Object.keys(wanted).length > 0)
    .map((wanted) => [textOf(wanted), wanted] as const)
    .sort(([a], [b]) => compare(a, b));
  return { namespaces: new Set(namespaces), labels: new Map(named) };
}

/** Which readers a rule speaks to, and which of its matches are for them. */
export function questionsOfRule({ rule, http, tcp, tls }: ResolvedRule): Questions {
  const home = rule.metadata.namespace ?? 'default';
  const matches = [...http, ...tcp, ...tls].flatMap((route) => route.match ?? []);
  return questionsAbout(
    [
      ...exportQuestions(rule.spec.exportTo, home),
      ...matches.flatMap(({ sourceNamespace }) => sourceNamespace || []),
    ],
    matches.map(({ sourceLabels }) => sourceLabels ?? {}),
  );
}

/** Which clients a DestinationRule is for. */
export function questionsOfDestinationRule({ metadata, spec }: Stored<DestinationRule>): Questions {
  const home = metadata.namespace ?? 'default';
  return questionsAbout(
    [home, ...exportQuestions(spec.exportTo, home)],
    [spec.workloadSelector?.matchLabels ?? {}],
  );
}

/** The namespaces that an `exportTo` tells from the others. */
export function exportQuestions(exportTo: readonly string[] = [], home: string): string[] {
  if (exportTo.includes('*')) return [];
  return exportTo.filter((word) => word !== '~').map((word) => (word === '.' ? home : word));
}

function textOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => compare(a, b)));
}
