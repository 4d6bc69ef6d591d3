/** One thing that a host has, lacks, or has in a way that deserves a warning. */
export interface HostCheck {
  readonly name: string;
  /** `missing`: the mesh does not run without it. `warn`: it runs, and this should be known. */
  readonly state: 'ok' | 'warn' | 'missing';
  /** What was found, in a few words. */
  readonly found: string;
  /** What to do; absent when all is well. */
  readonly remedy?: string;
}

/** What was found on a host. Only facts: what they mean is judged elsewhere. */
export interface HostFacts {
  readonly uid: number;
  readonly nodeVersion: string;
  readonly kernelRelease: string;
  /** Kinds of namespaces that the kernel has: `net`, `pid`, … */
  readonly namespaces: readonly string[];
  readonly cgroups: {
    readonly mode: 'v1' | 'hybrid' | 'v2' | 'none';
    readonly controllers: readonly string[];
  };
  /** What the kernel said when it was tried in a namespace of its own; empty when it worked. */
  readonly trials: { readonly links: string; readonly rules: string };
  readonly fileSystems: readonly string[];
  /** Programs that were found, with the first line that they say of their version. */
  readonly programs: Readonly<Record<string, string>>;
  readonly hasLibatomic: boolean;
  readonly hasEngineSeccomp: boolean;
  readonly memAvailableBytes: number;
  /** True when some table drops forwarded packets by default, as Docker sets it up. */
  readonly forwardDropped: boolean;
  /** Ports of the mesh that somebody holds, with who it is. */
  readonly heldPorts: Readonly<Record<number, string>>;
}
