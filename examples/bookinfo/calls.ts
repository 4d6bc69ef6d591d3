/** Calls between the services, over keep-alive connections, with one deadline for the whole call. */
import { Agent, get, type IncomingHttpHeaders } from 'node:http';

/**
 * What a service passes on to the services that it calls, so that traces hang together and routing by user works
 * deeper in the call tree: request id, the trace headers of W3C, B3, Datadog, Lightstep, SkyWalking and the
 * clouds, and the application's own.
 */
const PASSED_ON = [
  'x-request-id',
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'x-datadog-trace-id',
  'x-datadog-parent-id',
  'x-datadog-sampling-priority',
  'x-ot-span-context',
  'x-cloud-trace-context',
  'grpc-trace-bin',
  'sw8',
  'end-user',
  'user-agent',
  'authorization',
  'jwt',
];

export type Headers = Readonly<Record<string, string>>;

export function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

export interface Answer {
  readonly status: number;
  /** The decoded JSON body; undefined when it is not JSON. */
  readonly body: unknown;
}

const agent = new Agent({ keepAlive: true });

/** GETs JSON. Undefined when nothing came within `timeoutMs` or the connection failed. */
export async function getJson(url: string, headers: Headers, timeoutMs: number): Promise<Answer | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await attempt(url, headers, signal);
  } catch (error) {
    console.error(`GET ${url} failed: ${(error as Error).message}`);
    return undefined;
  }
}

/** A kept-alive connection may have been closed by the other side just now: then, and only then, once more. */
function attempt(url: string, headers: Headers, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { ...headers }, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: decode(Buffer.concat(chunks)) }),
      );
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (request.reusedSocket && error.code === 'ECONNRESET') resolve(attempt(url, headers, signal));
      else reject(error);
    });
  });
}

function decode(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Where another service of the application answers; the environment can move it, as in Istio's sample. */
export function serviceUrl(name: string): string {
  const upper = name.toUpperCase();
  const host = process.env[`${upper}_HOSTNAME`] ?? name;
  const domain = process.env['SERVICES_DOMAIN'];
  const port = process.env[`${upper}_SERVICE_PORT`] ?? '9080';
  return `http://${host}${domain === undefined ? '' : `.${domain}`}:${port}`;
}
