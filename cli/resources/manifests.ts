/**
 * Manifest files: YAML or JSON, several documents a file, `List`s taken apart, directories, standard input. Every
 * mistake of every document is found before anything is sent, each with its file, line and path.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isMap, isNode, LineCounter, parseAllDocuments } from 'yaml';
import { codeOf, WeftError } from '#api/foundation/errors.ts';
import { kindFor } from '#api/kinds/all.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { validate } from '#api/kinds/validate.ts';

export interface Manifest {
  readonly kind: AnyKind;
  /** As written. */
  readonly object: KubeObject;
  /** With defaults filled in. */
  readonly defaulted: KubeObject;
  /** `FILE:LINE` of the document. */
  readonly place: string;
}

export interface Reading {
  readonly manifests: readonly Manifest[];
  /** One line each: `FILE:LINE: kind/name: path: what is wrong`. */
  readonly mistakes: readonly string[];
}

/** The API server takes no larger request either. */
const MAX_FILE_BYTES = 3 * 1024 * 1024;
const MANIFEST = /\.(ya?ml|json)$/;

/** Throws a WeftError `ManifestsInvalid` that lists every mistake. */
export function loadManifests(paths: readonly string[], recursive = false): Manifest[] {
  const readings = paths
    .flatMap((path) => expand(path, recursive))
    .map((path) => readManifests(nameOfFile(path), contentOf(path)));
  const mistakes = readings.flatMap((reading) => reading.mistakes);
  if (mistakes.length > 0) {
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    throw new WeftError('ManifestsInvalid', `${count}; nothing was changed\n  ${mistakes.join('\n  ')}`);
  }
  const manifests = readings.flatMap((reading) => reading.manifests);
  if (manifests.length === 0) throw new WeftError('ManifestsInvalid', `no objects in ${paths.join(', ')}`);
  return manifests;
}

const nameOfFile = (path: string): string => (path === '-' ? 'stdin' : path);

function expand(path: string, recursive: boolean): string[] {
  if (path === '-') return [path];
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (cause) {
    throw new WeftError(
      'ManifestUnreadable',
      `${path} cannot be read: ${codeOf(cause) === 'ENOENT' ? 'no such file' : codeOf(cause)}`,
    );
  }
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return recursive ? expand(join(path, entry.name), true) : [];
      return MANIFEST.test(entry.name) ? [join(path, entry.name)] : [];
    });
}

function contentOf(path: string): string {
  const bytes = readFileSync(path === '-' ? 0 : path);
  if (bytes.length <= MAX_FILE_BYTES) return bytes.toString('utf8');
  throw new WeftError(
    'ManifestTooLarge',
    `${nameOfFile(path)} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`,
    {
      remedy: 'split it',
    },
  );
}

export function readManifests(file: string, text: string): Reading {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const manifests: Manifest[] = [];
  const mistakes: string[] = [];
  for (const document of documents as Document.Parsed[]) {
    const lineAt = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
    if (document.errors.length > 0) {
      mistakes.push(...document.errors.map((error) => `${lineAt(error.pos[0])}: ${error.message}`));
      continue;
    }
    for (const part of partsOf(document)) {
      const lineOf = (path: string): string => lineAt(offsetOf(document, [...part.at, ...segmentsOf(path)]));
      const verdict = check(part.value);
      if (verdict.ok) manifests.push({ ...verdict.manifest, place: lineOf('') });
      else
        mistakes.push(
          ...verdict.mistakes.map(({ path, message }) => sentence(lineOf(path), part.value, path, message)),
        );
    }
  }
  return { manifests, mistakes };
}

interface Part {
  readonly value: unknown;
  readonly at: readonly (string | number)[];
}

/** The objects of a document: itself, the items of a List, nothing when it is empty. */
function partsOf(document: Document.Parsed): Part[] {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new WeftError('ManifestsInvalid', (error as Error).message, { remedy: 'write the aliases out' });
  }
  if (value === null || value === undefined) return [];
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ value, at: [] }];
  return items.map((item, i) => ({ value: item, at: ['items', i] }));
}

type Check =
  | { readonly ok: true; readonly manifest: Omit<Manifest, 'place'> }
  | { readonly ok: false; readonly mistakes: readonly { path: string; message: string }[] };

function check(value: unknown): Check {
  const refuse = (path: string, message: string): Check => ({ ok: false, mistakes: [{ path, message }] });
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('', 'is not an object');
  const { apiVersion, kind: word, metadata } = value as Partial<KubeObject>;
  if (typeof apiVersion !== 'string') return refuse('apiVersion', 'is required');
  if (typeof word !== 'string') return refuse('kind', 'is required');
  const kind = kindFor(apiVersion, word);
  if (kind === undefined) return refuse('kind', `weft does not know the kind ${word} of ${apiVersion}`);
  if (typeof metadata?.name !== 'string') return refuse('metadata.name', 'is required');
  const verdict = validate(kind, value);
  if (!verdict.ok) return { ok: false, mistakes: verdict.mistakes };
  return {
    ok: true,
    manifest: { kind, object: value as KubeObject, defaulted: verdict.object as KubeObject },
  };
}

function sentence(place: string, value: unknown, path: string, message: string): string {
  const { kind, metadata } = (value ?? {}) as Partial<KubeObject>;
  const subject = kind === undefined ? '' : `${kind} ${metadata?.name ?? ''}`.trim();
  return [place, subject, path, message].filter((part) => part !== '').join(': ');
}

function segmentsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map((match) =>
    match[1] === undefined ? match[2]! : Number(match[1]),
  );
}

/** Where the path stands in the text, or the nearest part of it that does. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => (isNode(key) ? key.toJSON() : key) === path[length - 1]);
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return document.contents?.range[0] ?? 0;
}
