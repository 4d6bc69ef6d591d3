/** What every verb is handed: the streams, the environment, the mesh and its API. Nothing is read before it is needed. */
import type { HttpClient } from '#api/client/http-client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { EXIT } from './failure.ts';
import type { Progress } from './output/progress.ts';
import { type Style, styleFor } from './output/style.ts';

export interface Directories {
  readonly dataDir: string;
  readonly runDir: string;
}

export interface Session {
  readonly env: NodeJS.ProcessEnv;
  readonly dirs: Directories;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Style of stdout. */
  readonly style: Style;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  nowMs(): number;
  print(text: string): void;
  warn(text: string): void;
  /** Steps of long work, on the given stream (stdout unless told). */
  progress(stream?: NodeJS.WriteStream): Promise<Progress>;
  /** The mesh of `dirs`. Throws `MeshNotConfigured`. */
  mesh(): Promise<MeshConfig>;
  client(): Promise<HttpClient>;
  /** Exit code of a verb that did what it was asked and has bad news. */
  exit(code: number): void;
}

/** The directories come from WEFT_DATA_DIR and WEFT_RUN_DIR. */
export function directoriesOf(env: NodeJS.ProcessEnv): Directories {
  return {
    dataDir: absolute('WEFT_DATA_DIR', env['WEFT_DATA_DIR'] || '/var/lib/weft'),
    runDir: absolute('WEFT_RUN_DIR', env['WEFT_RUN_DIR'] || '/run/weft'),
  };
}

function absolute(variable: string, path: string): string {
  if (path.startsWith('/') && path.replace(/\/+$/, '') !== '') return path.replace(/\/+$/, '');
  throw new WeftError('Usage', `${variable} is "${path}"`, { remedy: 'give an absolute path other than /' });
}

/** Verbs get this long to end by themselves after Ctrl-C. */
const INTERRUPT_PATIENCE_MS = 500;

export function createSession(
  process: NodeJS.Process,
  exit: (code: number) => void,
): Session & { close(): Promise<void> } {
  const { env, stdin, stdout, stderr } = process;
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
    setTimeout(() => process.exit(EXIT.interrupted), INTERRUPT_PATIENCE_MS).unref();
  });
  let client: Promise<HttpClient> | undefined;
  const session: Session = {
    env,
    get dirs() {
      return directoriesOf(env);
    },
    stdin,
    stdout,
    stderr,
    style: styleFor(stdout, env),
    signal: interrupted.signal,
    nowMs: () => Date.now(),
    print: (text) => stdout.write(text),
    warn: (text) => stderr.write(text),
    async progress(stream = stdout) {
      const { createProgress } = await import('./output/progress.ts');
      return createProgress(stream, styleFor(stream, env), () => performance.now());
    },
    async mesh() {
      const { readMeshConfig } = await import('#api/mesh/config.ts');
      return readMeshConfig(session.dirs.dataDir);
    },
    client: () => {
      client ??= connect(session);
      return client;
    },
    exit,
  };
  return Object.assign(session, { close: async () => (await client?.catch(() => undefined))?.close() });
}

async function connect(session: Session): Promise<HttpClient> {
  const [{ serverAddress }, { createHttpClient }] = await Promise.all([
    import('./connection/server-address.ts'),
    import('#api/client/http-client.ts'),
  ]);
  return createHttpClient(await serverAddress(session));
}
