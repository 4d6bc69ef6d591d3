import { bounded } from './bounded.ts';

/** OpenTelemetry's HTTP conventions: the methods of RFC 9110, PATCH of RFC 5789 and QUERY. Case matters. */
const KNOWN: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);
const OTHER = '_OTHER';
/** How a span is named whose method nobody knows. */
const UNNAMED = 'HTTP';
const MAX_LENGTH = 32;

/** Attributes of the method: strangers' words do not become names. */
export function methodAttributes(method: string): Record<string, string> {
  if (KNOWN.has(method)) return { 'http.request.method': method };
  const original = bounded(method, MAX_LENGTH);
  return original === ''
    ? { 'http.request.method': OTHER }
    : { 'http.request.method': OTHER, 'http.request.method_original': original };
}

export function methodName(method: string): string {
  return KNOWN.has(method) ? method : UNNAMED;
}
