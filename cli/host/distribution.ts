/** A family of distributions: how packages are called there, and installed. */
export interface Distribution {
  readonly family: 'debian' | 'fedora' | 'alpine';
  /** Package by program (or library) that it brings. */
  readonly packages: Readonly<Record<string, string>>;
  /** Refreshes the lists of packages. */
  readonly refresh: readonly string[];
  /** Installs the packages that are appended. */
  readonly install: readonly string[];
  /** Environment of both. */
  readonly env: Readonly<Record<string, string>>;
}

const COMMON = { runc: 'runc', conmon: 'conmon', nft: 'nftables', prometheus: 'prometheus' };
const LOCK_PATIENCE = 'DPkg::Lock::Timeout=120';

const DISTRIBUTIONS: Readonly<Record<Distribution['family'], Distribution>> = {
  debian: {
    family: 'debian',
    packages: {
      ...COMMON,
      ip: 'iproute2',
      nsenter: 'util-linux',
      unshare: 'util-linux',
      mount: 'mount',
      umount: 'mount',
      libatomic: 'libatomic1',
    },
    refresh: ['apt-get', '-qq', '-o', LOCK_PATIENCE, 'update'],
    install: ['apt-get', '-qq', '-y', '-o', LOCK_PATIENCE, '--no-install-recommends', 'install'],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  },
  fedora: {
    family: 'fedora',
    packages: {
      ...COMMON,
      prometheus: 'golang-github-prometheus',
      ip: 'iproute',
      nsenter: 'util-linux',
      unshare: 'util-linux',
      mount: 'util-linux',
      umount: 'util-linux',
      libatomic: 'libatomic',
    },
    refresh: ['dnf', '-q', 'makecache'],
    install: ['dnf', '-q', '-y', '--setopt=install_weak_deps=False', 'install'],
    env: {},
  },
  alpine: {
    family: 'alpine',
    packages: {
      ...COMMON,
      ip: 'iproute2',
      nsenter: 'util-linux-misc',
      unshare: 'util-linux-misc',
      mount: 'mount',
      umount: 'umount',
      libatomic: 'libatomic',
    },
    refresh: ['apk', 'update', '--quiet'],
    install: ['apk', 'add', '--quiet'],
    env: {},
  },
};

/** What /etc/os-release says, by `ID` and then `ID_LIKE`. Pure; undefined for a family that is not known. */
export function distributionOf(osRelease: string): Distribution | undefined {
  const field = (name: string): string =>
    new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  const words = [field('ID'), ...field('ID_LIKE').split(' ')];
  for (const word of words) {
    if (word === 'debian' || word === 'ubuntu') return DISTRIBUTIONS.debian;
    if (word === 'fedora' || word === 'rhel' || word === 'centos') return DISTRIBUTIONS.fedora;
    if (word === 'alpine') return DISTRIBUTIONS.alpine;
  }
  return undefined;
}

/** The packages that bring what is missing, each once. Pure. */
export function packagesFor(distribution: Distribution, missing: readonly string[]): string[] {
  const names = missing.flatMap((name) => distribution.packages[name] ?? []);
  return [...new Set(names)].sort();
}
