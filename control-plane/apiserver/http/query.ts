import { badRequest } from '../registry/statuses.ts';

/** `true`, `1` or the bare name are yes, as Go's client writes them. Throws `BadRequest` for anything else. */
export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1' || text === '') return true;
  throw badRequest(`${name} must be true or false, not "${text}"`);
}

/** A whole number, 0 or more; undefined when absent or empty. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw badRequest(`${name} must be a whole number, not "${text}"`);
  }
  return value;
}

export function text(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) ?? undefined;
}

/** The options that every write takes. `fieldValidation` is checked, but unknown fields are refused in any case. */
export function writeOptions(query: URLSearchParams): { dryRun: boolean } {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.some((value) => value !== 'All')) throw badRequest('dryRun must be All');
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation)) {
    throw badRequest('fieldValidation must be Ignore, Warn or Strict');
  }
  if ((query.get('fieldManager') ?? '').length > 128) {
    throw badRequest('fieldManager may have 128 characters at most');
  }
  return { dryRun: dryRun.length > 0 };
}
