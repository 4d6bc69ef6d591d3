import type { HostCheck, HostFacts } from './host-check.ts';
import { judgeRunc } from './runc-security.ts';

/** What a host's facts mean for a mesh. Pure; a list of short named checks, in the order in which they are shown. */
export function judgeHost(facts: HostFacts): HostCheck[] {
  return CHECKS.flatMap((check) => check(facts));
}

type Judge = (facts: HostFacts) => HostCheck[];

const SETUP = 'run: weft setup';
const LEAST_MEMORY_BYTES = 512 << 20;
const LEAST_NODE = 26;
const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'];
const CONTROLLERS = ['cpu', 'memory', 'pids'];

const ok = (name: string, found: string): HostCheck[] => [{ name, state: 'ok', found }];
const warn = (name: string, found: string, remedy: string): HostCheck[] => [
  { name, state: 'warn', found, remedy },
];
const missing = (name: string, found: string, remedy: string): HostCheck[] => [
  { name, state: 'missing', found, remedy },
];

const root: Judge = ({ uid }) =>
  uid === 0 ? ok('root', 'yes') : missing('root', `user ${uid}`, 'run weft as root, for instance with sudo');

const node: Judge = ({ nodeVersion }) =>
  Number.parseInt(nodeVersion.replace('v', ''), 10) >= LEAST_NODE
    ? ok('Node.js', nodeVersion)
    : missing('Node.js', nodeVersion, 'run weft through ./weft, which brings its own Node.js');

const namespaces: Judge = ({ namespaces: found, kernelRelease }) => {
  const lacking = NAMESPACES.filter((name) => !found.includes(name));
  return lacking.length === 0
    ? ok('kernel namespaces', `Linux ${kernelRelease}`)
    : missing(
        'kernel namespaces',
        `no ${lacking.join(', ')}`,
        'use a kernel with namespaces (CONFIG_NAMESPACES)',
      );
};

const cgroups: Judge = ({ cgroups: { mode, controllers } }) => {
  const lacking = CONTROLLERS.filter((name) => !controllers.includes(name));
  const names = { v1: 'version 1', hybrid: 'version 1 beside 2', v2: 'version 2', none: 'not mounted' };
  return lacking.length === 0
    ? ok('cgroups', names[mode])
    : missing(
        'cgroups',
        mode === 'none' ? names.none : `${names[mode]}, without ${lacking.join(', ')} to write to`,
        'mount cgroups with the cpu, memory and pids controllers (a container needs its own: --cgroupns=private --privileged)',
      );
};

/** What was tried may be refused to this user, or be unknown to this kernel. */
const remedyOf = (words: string, modules: string): string =>
  /not permitted|permission denied/i.test(words)
    ? 'run as root with CAP_SYS_ADMIN and CAP_NET_ADMIN (a container has them with --privileged)'
    : `load the kernel modules: modprobe -a ${modules}`;

const links: Judge = ({ trials }) =>
  trials.links === ''
    ? ok('bridge and veth', 'work')
    : missing('bridge and veth', trials.links, remedyOf(trials.links, 'bridge veth'));

const rules: Judge = ({ trials }) =>
  trials.rules === ''
    ? ok('nftables', 'redirect, NAT and reverse path work')
    : missing(
        'nftables',
        trials.rules,
        remedyOf(
          trials.rules,
          'nf_tables nft_chain_nat nft_redir nft_masq nft_fib_inet nft_reject_inet nft_numgen',
        ),
      );

const overlay: Judge = ({ fileSystems }) =>
  fileSystems.includes('overlay')
    ? ok('overlayfs', 'works')
    : warn('overlayfs', 'not in this kernel', 'needed for container images only: modprobe overlay');

const ociRuntime: Judge = ({ programs, cgroups: { mode } }) => {
  const { crun, runc } = programs as { crun?: string; runc?: string };
  if (crun !== undefined && mode !== 'hybrid') return ok('OCI runtime', crun);
  if (runc === undefined)
    return missing('OCI runtime', mode === 'hybrid' ? 'no runc' : 'no runc or crun', SETUP);
  const verdict = judgeRunc(runc);
  return verdict.safe
    ? ok('OCI runtime', `runc ${verdict.words}`)
    : warn(
        'OCI runtime',
        `runc ${verdict.words}`,
        'run images that you trust, or update runc to 1.2.8, 1.3.3 or 1.4.0',
      );
};

/** Host tools without which nothing runs, beside the OCI runtime. */
export const TOOLS = ['conmon', 'nft', 'ip', 'nsenter', 'unshare', 'mount', 'umount'];

const tools: Judge = ({ programs }) =>
  TOOLS.flatMap((name) => {
    const found = programs[name];
    return found === undefined ? missing(name, 'not installed', SETUP) : ok(name, found);
  });

const libatomic: Judge = ({ hasLibatomic }) =>
  hasLibatomic ? ok('libatomic', 'installed') : missing('libatomic', 'not installed', SETUP);

const seccomp: Judge = ({ hasEngineSeccomp }) =>
  ok('system call filter', hasEngineSeccomp ? 'containers-common, narrowed' : 'weft’s own');

const memory: Judge = ({ memAvailableBytes }) => {
  const found = `${Math.round(memAvailableBytes / (1 << 20))} MiB free`;
  return memAvailableBytes >= LEAST_MEMORY_BYTES
    ? ok('memory', found)
    : warn('memory', found, 'the demo wants 512 MiB: stop something');
};

const forwarding: Judge = ({ forwardDropped }) =>
  forwardDropped
    ? warn(
        'forwarding',
        'another firewall drops forwarded packets by default (Docker does)',
        'let pods through: iptables -I DOCKER-USER -i weft-+ -j ACCEPT; iptables -I DOCKER-USER -o weft-+ -j ACCEPT (or the FORWARD chain)',
      )
    : ok('forwarding', 'not dropped by another firewall');

const ports: Judge = ({ heldPorts }) => {
  const held = Object.entries(heldPorts);
  if (held.length === 0) return ok('ports', 'free');
  return held.flatMap(([port, holder]) =>
    missing(`port ${port}`, `held by ${holder}`, 'stop it, or choose other ports (weft up --help)'),
  );
};

const CHECKS: readonly Judge[] = [
  root,
  node,
  namespaces,
  cgroups,
  links,
  rules,
  overlay,
  ociRuntime,
  tools,
  libatomic,
  seccomp,
  memory,
  forwarding,
  ports,
];
