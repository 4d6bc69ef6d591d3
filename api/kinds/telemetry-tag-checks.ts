/** Tags of spans, in Telemetry objects and in the settings of the mesh. */
import type { Mistake } from './kind.ts';

interface Named {
  readonly name: string;
  readonly defaultValue?: string | undefined;
}

interface Tag {
  readonly literal?: { readonly value: string } | undefined;
  readonly environment?: Named | undefined;
  readonly header?: Named | undefined;
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Every span carries them, and thousands of spans wait for a collector. */
const MAX_TAGS = 64;
const MAX_CHARS = 1_024;

/** Istio's rules: a tag has a name, and is made of one thing, which is not empty. */
export function customTagMistakes(tags: Readonly<Record<string, Tag>>, path: string): Mistake[] {
  const count = Object.keys(tags).length;
  if (count > MAX_TAGS) return [{ path, message: `has ${count} tags; at most ${MAX_TAGS}` }];
  return Object.entries(tags).flatMap(([name, tag]): Mistake[] => {
    const at = `${path}[${name}]`;
    if (name === '') return [{ path: at, message: 'the name of a tag must not be empty' }];
    const { literal, environment, header } = tag;
    if ([literal, environment, header].filter((each) => each !== undefined).length !== 1)
      return [{ path: at, message: 'must be exactly one of literal, environment and header' }];
    if (literal?.value === '') return [{ path: `${at}.literal.value`, message: 'must not be empty' }];
    if (environment?.name === '') return [{ path: `${at}.environment.name`, message: 'must not be empty' }];
    if (header !== undefined && !HEADER_NAME.test(header.name))
      return [{ path: `${at}.header.name`, message: 'must be the name of a header' }];
    return [
      ...lengthMistakes(name, at),
      ...lengthMistakes(literal?.value, `${at}.literal.value`),
      ...lengthMistakes(environment?.defaultValue, `${at}.environment.defaultValue`),
      ...lengthMistakes(header?.defaultValue, `${at}.header.defaultValue`),
    ];
  });
}

function lengthMistakes(text: string | undefined, path: string): Mistake[] {
  return (text?.length ?? 0) <= MAX_CHARS ? [] : [{ path, message: `has more than ${MAX_CHARS} characters` }];
}
