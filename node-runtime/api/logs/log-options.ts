import { Refusal } from '../status-reply.ts';

/** Kubernetes PodLogOptions, as the query string carries them. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** Entries before this are left out, milliseconds since the epoch. */
  readonly sinceMs: number | undefined;
}

const KNOWN = new Set([
  'container',
  'follow',
  'previous',
  'timestamps',
  'tailLines',
  'limitBytes',
  'sinceSeconds',
  'sinceTime',
  'pretty',
]);

/** Throws a Refusal that names what is wrong. */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  for (const key of query.keys()) {
    if (!KNOWN.has(key)) throw new Refusal(400, `log option "${key}" is not supported`);
  }
  const seconds = count(query, 'sinceSeconds', 1);
  return {
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    tailLines: count(query, 'tailLines', 0),
    limitBytes: count(query, 'limitBytes', 1),
    sinceMs: seconds === undefined ? time(query, 'sinceTime') : nowMs - seconds * 1000,
  };
}

function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1' || text === '') return true;
  throw new Refusal(400, `log option ${name} must be true or false`);
}

function count(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw new Refusal(400, `log option ${name} must be a whole number of at least ${least}`);
}

function time(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw new Refusal(400, `log option ${name} must be a time such as 2030-01-02T03:04:05Z`);
}
