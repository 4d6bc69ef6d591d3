import { type Command, InvalidArgumentError, Option } from 'commander';
import { Pod } from '#api/kinds/pod.ts';
import { addonFlags, askedAddons, port, withoutFlags } from '../addons/flags.ts';
import type { Overrides } from '../mesh/choose-config.ts';
import { parseCidr } from '../mesh/cidr.ts';
import { ensureHost } from '../mesh/ensure-host.ts';
import { needRoot } from '../mesh/need-root.ts';
import { startMesh } from '../mesh/start-mesh.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: Session): void {
  withoutFlags(addonFlags(command))
    .option('--api-port <port>', 'port of the Kubernetes API (6443)', port)
    .option('--xds-port <port>', 'port of xDS for gRPC clients on this host (15010)', port)
    .option('--monitoring-port <port>', "port of the control plane's metrics (15014)", port)
    .option('--node-metrics-port <port>', "port of the node runtime's metrics (10255)", port)
    .option('--pod-cidr <range>', 'addresses of pods (10.244.0.0/16)', range)
    .option('--service-cidr <range>', 'addresses of services (10.96.0.0/16)', range)
    .option('--node-name <name>', 'name of this node (the host name)', nodeName)
    .addOption(
      new Option('--oci-runtime <runtime>', 'the default: what the host supports').choices(['runc', 'crun']),
    )
    .addHelpText(
      'after',
      '\nData goes to WEFT_DATA_DIR (/var/lib/weft), sockets to WEFT_RUN_DIR (/run/weft). With other\ndirectories another mesh starts, whose names, ports and ranges are derived from them.\nWhat a --with flag has added stays: weft up without it starts it again, until --without is said.',
    )
    .action((options: Options) => up(session, options));
}

type Options = Overrides & Readonly<Record<string, unknown>>;

async function up(session: Session, options: Options): Promise<void> {
  needRoot('up');
  const progress = await session.progress();
  await ensureHost(progress);
  const asked = askedAddons(options);
  const { fresh } = await startMesh(session.dirs, overridesOf(options), asked, progress, session.signal);
  session.print(fresh ? greeting(await pods(session)) : 'The mesh was up already.\n');
}

async function pods(session: Session): Promise<readonly Pod[]> {
  return (await (await session.client()).list(Pod)).items;
}

/** What to do next; with pods from before that do not serve yet, how many come back. Pure. */
function greeting(pods: readonly Pod[]): string {
  if (pods.length === 0) return 'The mesh is up. Try: weft apply -f examples/bookinfo/bookinfo.yaml\n';
  const waiting = pods.filter((pod) => !isServing(pod)).length;
  if (waiting === 0) return 'The mesh is up.\n';
  return `The mesh is up. ${waiting} pod${waiting === 1 ? ' comes' : 's come'} back: weft get pods -A\n`;
}

function isServing({ status }: Pod): boolean {
  return (
    status?.phase === 'Succeeded' ||
    (status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True')
  );
}

/** Without what is no setting of the mesh itself. */
function overridesOf(options: Options): Overrides {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !name.startsWith('with')));
}

function range(text: string): string {
  if (parseCidr(text) !== undefined) return text;
  throw new InvalidArgumentError('It is not a range (as 10.244.0.0/16 is).');
}

function nodeName(text: string): string {
  if (text.length <= 63 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('A node name has at most 63 of a-z, 0-9, "-" and ".".');
}
