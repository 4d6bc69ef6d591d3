/** The paths that the scenarios of HTTP/1.1 compare. */
import type { ProxyPath } from '../harness/path.ts';
import type { Workbench } from '../harness/workbench.ts';
import type { Peer, Task } from '../peers/peer.ts';
import { PEERS } from '../peers/peers.ts';
import type { MissingSubject } from '../scenario.ts';
import { MeasuredMesh, WEFT_VERSION } from '../weft/measured-mesh.ts';

export interface Paths {
  readonly paths: readonly ProxyPath[];
  readonly missing: readonly MissingSubject[];
}

/** Starts every peer that is here on `task`; the others are named. */
export async function startPeers(
  bench: Workbench,
  task: Task,
  { peers = PEERS, suffix = '' }: { readonly peers?: readonly Peer[]; readonly suffix?: string } = {},
): Promise<Paths> {
  const paths: ProxyPath[] = [];
  const missing: MissingSubject[] = [];
  for (const peer of peers) {
    const name = `${peer.name}${suffix}`;
    const program = peer.find(task.mode);
    if ('why' in program) {
      missing.push({ name, why: program.why });
      continue;
    }
    const { port, process } = await peer.start(bench, program, task);
    paths.push({ name, version: program.version, port, processes: [process] });
  }
  return { paths, missing };
}

/** The sidecar of a client; `inbound`: that of the app. */
export async function startWeft(
  bench: Workbench,
  { mode, to }: Task,
  direction: 'outbound' | 'inbound' = 'outbound',
): Promise<ProxyPath> {
  const mesh = await MeasuredMesh.start(bench, { protocol: mode, appPort: to, endpoints: [to] });
  const { port, process } = direction === 'outbound' ? await mesh.outbound() : await mesh.inbound();
  const name = direction === 'outbound' ? 'weft' : 'weft-inbound';
  return { name, version: WEFT_VERSION, port, processes: [process] };
}
