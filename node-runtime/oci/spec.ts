import type { OciResources } from '../resources/oci-limits.ts';

/** The part of the OCI runtime specification (config.json, version 1.0.2) that weft writes. */
export interface OciSpec {
  readonly ociVersion: string;
  readonly process: OciProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly mounts: readonly OciMount[];
  readonly linux: {
    readonly cgroupsPath: string;
    readonly namespaces: readonly { readonly type: string; readonly path?: string }[];
    readonly resources: OciResources;
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly rootfsPropagation: string;
    readonly seccomp?: OciSeccomp;
  };
}

export interface OciProcess {
  readonly terminal: false;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<
    Record<'bounding' | 'effective' | 'permitted' | 'inheritable' | 'ambient', readonly string[]>
  >;
  readonly noNewPrivileges: true;
  readonly oomScoreAdj: number;
  readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly OciSyscallRule[];
}

export interface OciSyscallRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: string;
  }[];
}
