/** Small programs that run in pods: sent as `node -e`, because a pod without an image sees the host's programs only. */

/** Answers every request with its pod's version; finishes what is under way on SIGTERM. */
const SERVER = `
const http = require('node:http');
const server = http.createServer((request, response) => {
  setTimeout(() => response.end(process.env.VERSION), Number(process.env.DELAY_MS || 0));
});
server.listen(8080);
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

/**
 * Sends requests to URL, WORKERS at a time and PAUSE_MS apart, over kept connections or, with FRESH, a new one and a
 * new look-up of the name each time. Prints what came back so far, as one JSON line after another.
 */
const LOAD = `
const http = require('node:http');
const seen = { ok: 0, failed: 0, by: {}, errors: [] };
const agent = new http.Agent({ keepAlive: !process.env.FRESH });
const once = () => new Promise((done) => {
  const fail = (why) => { seen.failed += 1; if (seen.errors.length < 20) seen.errors.push(why); done(); };
  const request = http.get(process.env.URL, { agent, timeout: 15000 }, (response) => {
    let body = '';
    response.on('data', (chunk) => { body += chunk; });
    response.on('error', (error) => fail(error.message));
    response.on('end', () => {
      if (response.statusCode !== 200) return fail(response.statusCode + ' ' + body);
      seen.ok += 1;
      seen.by[body] = (seen.by[body] || 0) + 1;
      done();
    });
  });
  request.on('timeout', () => request.destroy(new Error('timed out')));
  request.on('error', (error) => fail(error.code + ' ' + error.message));
});
const worker = async () => { for (;;) { await once(); await new Promise((r) => setTimeout(r, Number(process.env.PAUSE_MS || 5))); } };
for (let i = 0; i < Number(process.env.WORKERS || 4); i += 1) worker();
setInterval(() => console.log(JSON.stringify(seen)), 100);
`;

/** Speaks first, as mail and database servers do. */
const SERVER_FIRST = `
require('node:net').createServer((socket) => {
  socket.on('error', () => {});
  socket.write('220 ready\\n');
  socket.on('data', (data) => socket.end('you said ' + data));
}).listen(8080);
`;

/** Takes memory until it is stopped. */
const HOG = `
const kept = [];
setInterval(() => kept.push(Buffer.alloc(8 * 1024 * 1024, 1)), 5);
`;

export const PROGRAMS = { SERVER, LOAD, SERVER_FIRST, HOG } as const;

export interface PodOptions {
  readonly name: string;
  readonly app: string;
  readonly program: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: boolean;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
}

/** A pod that runs one of the programs; `ready`: with a readiness probe on its port. */
export function programPod(options: PodOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: options.name, labels: { app: options.app, ...options.labels } },
    spec: podSpec(options),
  };
}

/** The same as a Deployment. */
export function programDeployment(options: PodOptions & { readonly replicas: number }): object {
  const labels = { app: options.app, ...options.labels };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: options.name },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(options) },
    },
  };
}

export function service(app: string, port: Readonly<Record<string, unknown>> = { name: 'http' }): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: app },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080, ...port }] },
  };
}

function podSpec({ program, env, ready, spec, container }: PodOptions): object {
  return {
    terminationGracePeriodSeconds: 5,
    containers: [
      {
        name: 'app',
        command: ['/opt/weft/bin/node', '-e', program.replaceAll('$(', '$$(')],
        env: Object.entries(env ?? {}).map(([name, value]) => ({ name, value })),
        ports: [{ containerPort: 8080 }],
        ...(ready === true
          ? { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 } }
          : {}),
        ...container,
      },
    ],
    ...spec,
  };
}
