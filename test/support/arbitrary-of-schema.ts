/**
 * Objects as a zod schema allows them, with words that mean something where the schema says `string`. What the schema
 * cannot say is left to `repaired`: it takes away what the kind's checks name until they have nothing left to say.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { z } from 'zod';
import type { Kind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { validate } from '#api/kinds/validate.ts';

/** Values of the strings and numbers below a field, by the field's name. */
export type Words = Readonly<Record<string, readonly (string | number)[]>>;

/** Without these an object hardly says anything. */
const USUAL = new Set(['hosts', 'http', 'route', 'ports', 'endpoints', 'trafficPolicy']);

interface Def {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly string[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}

export function arbitraryOf(schema: z.ZodType, words: Words, field = ''): Arbitrary<unknown> {
  const def = schema.def as unknown as Def;
  const within = (inner: z.ZodType | undefined, name = field) => arbitraryOf(inner!, words, name);
  switch (def.type) {
    case 'object':
      return objectOf(def.shape!, words);
    case 'optional':
    case 'default':
      return fc.option(within(def.innerType), { nil: undefined, freq: 1 });
    case 'array':
      return fc.array(within(def.element), { minLength: 1, maxLength: 2 });
    case 'record':
      return fc.dictionary(
        fc.constantFrom(...namesOf(words, field)),
        within(def.valueType, `${field}.value`),
        {
          minKeys: 1,
          maxKeys: 2,
        },
      );
    case 'union':
      return fc.oneof(...def.options!.map((option) => within(option)));
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries!));
    case 'literal':
      return fc.constantFrom(...def.values!);
    case 'boolean':
      return fc.boolean();
    case 'string':
    case 'number':
      return fc.constantFrom(...valuesOf(words, field));
    default:
      throw new Error(`no arbitrary for ${def.type} at ${field}`);
  }
}

/** Few members at a time: the more an object says, the sooner some check refuses all of it. */
function objectOf(shape: Readonly<Record<string, z.ZodType>>, words: Words): Arbitrary<unknown> {
  const members = Object.entries(shape).map(([name, member]) => {
    const { type, innerType } = member.def as unknown as Def;
    const optional = type === 'optional' || type === 'default';
    return [name, arbitraryOf(optional ? innerType! : member, words, name), optional] as const;
  });
  const required = members.filter(([, , optional]) => !optional).map(([name]) => name);
  const record = fc.record(Object.fromEntries(members.map(([name, arbitrary]) => [name, arbitrary])));
  const chosen = fc.subarray(members.filter(([, , optional]) => optional).map(([name]) => name));
  const few = fc
    .tuple(chosen, chosen)
    .map(([a, b]) => a.filter((name) => b.includes(name) || USUAL.has(name)));
  return fc.tuple(record, few).map(([object, names]) => {
    const kept = new Set([...required, ...names]);
    return Object.fromEntries(Object.entries(object).filter(([name]) => kept.has(name)));
  });
}

function valuesOf(words: Words, field: string): readonly (string | number)[] {
  const found = words[field];
  if (found === undefined) throw new Error(`no words for ${field}`);
  return found;
}

function namesOf(words: Words, field: string): string[] {
  return valuesOf(words, field).map(String);
}

/** The manifest without what the checks name; undefined when nothing of it can stand. */
export function repaired<T extends KubeObject>(kind: Kind<T>, manifest: object): T | undefined {
  const copy = structuredClone(manifest);
  for (let round = 0; round < 40; round++) {
    const verdict = validate(kind, copy);
    if (verdict.ok) return verdict.object;
    if (!verdict.mistakes.some(({ path }) => takeAway(copy, path))) return undefined;
  }
  return undefined;
}

function takeAway(object: object, path: string): boolean {
  const parts = path.match(/\[[^\]]*\]|[^.[\]]+/g)?.map((part) => part.replace(/^\[|\]$/g, '')) ?? [];
  const last = parts.pop();
  if (last === undefined || last === 'spec') return false;
  const holder = parts.reduce<unknown>(
    (at, part) => (at as Record<string, unknown> | undefined)?.[part],
    object,
  );
  if (Array.isArray(holder)) return holder.splice(Number(last), 1).length > 0;
  if (typeof holder !== 'object' || holder === null || !(last in holder))
    return takeAway(
      object,
      parts.reduce((text, part) => `${text}[${part}]`, ''),
    );
  delete (holder as Record<string, unknown>)[last];
  return true;
}
