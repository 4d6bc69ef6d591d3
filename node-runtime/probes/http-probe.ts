import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import type { Outcome } from './prober.ts';

export interface HttpProbe {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
  /** Address that the connection comes from; the pod's redirect rules let it through to the app. */
  readonly localAddress: string | undefined;
}

/** The kubelet's limits: redirects followed, bytes of an answer read, bytes of it shown. */
const MAX_REDIRECTS = 10;
const MAX_BODY_BYTES = 10 * 1024;
const SHOWN_BYTES = 200;

/**
 * One HTTP probe as the kubelet makes it: 200 to 399 passes; a redirect is followed on the same host and taken as
 * success when it leads elsewhere; certificates are not verified. A fresh connection each time.
 */
export async function probeHttp(probe: HttpProbe): Promise<Outcome> {
  const agent = new Agent({
    pipelining: 0,
    connect: { rejectUnauthorized: false, timeout: probe.timeoutMs },
    ...(probe.localAddress === undefined ? {} : { localAddress: probe.localAddress }),
  });
  const signal = AbortSignal.timeout(probe.timeoutMs);
  try {
    return await follow(agent, probe, new URL(probe.path, originOf(probe)), signal);
  } catch (error) {
    return { ok: false, message: sentenceOf(error, signal, probe.timeoutMs) };
  } finally {
    void agent.destroy();
  }
}

function originOf({ scheme, host, port }: HttpProbe): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

async function follow(agent: Agent, probe: HttpProbe, first: URL, signal: AbortSignal): Promise<Outcome> {
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      signal,
      headers: headersOf(probe),
    });
    const text = await readSome(body);
    const location = [headers['location']].flat()[0];
    if (statusCode < 300 || statusCode >= 400 || location === undefined) return verdict(statusCode, text);
    const next = new URL(location, url);
    if (next.hostname !== first.hostname) return { ok: true, message: 'redirected to another host' };
    url = next;
  }
  return { ok: false, message: `stopped after ${MAX_REDIRECTS} redirects` };
}

function headersOf({ headers }: HttpProbe): Record<string, string> {
  const given = Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value]));
  return { 'user-agent': 'kube-probe/weft', accept: '*/*', ...given };
}

async function readSome(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, SHOWN_BYTES).toString('utf8');
}

function verdict(statusCode: number, text: string): Outcome {
  if (statusCode >= 200 && statusCode < 400) return { ok: true, message: '' };
  return {
    ok: false,
    message: `HTTP probe failed with statuscode: ${statusCode}${text === '' ? '' : `: ${text}`}`,
  };
}

function sentenceOf(error: unknown, signal: AbortSignal, timeoutMs: number): string {
  if (signal.aborted) return `no answer within ${timeoutMs} ms`;
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
