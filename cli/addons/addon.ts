/**
 * A background program that stands beside a mesh for people to look at it: kept like the control plane and the node
 * runtime, started after them, and never in the way of traffic. What is configured is in `mesh.json` under `addons`.
 */
import type { MeshConfig } from '#api/mesh/config.ts';

export type AddonName = keyof MeshConfig['addons'];

export interface AddonLimits {
  readonly memoryBytes: number;
  readonly processes: number;
  readonly cpus: number;
}

export interface Addon {
  readonly name: AddonName;
  /** As people call it. */
  readonly title: string;
  /** The flag of `weft up` that asks for it, `--with-NAME`; it may be given the port of the pages. */
  readonly flag: string;
  /** What the flag's help says. */
  readonly summary: string;
  /**
   * Settings of a new addon. `port` gives one that is free: the well-known one for the mesh in the default directories,
   * else the one at this offset from the first of the mesh's own.
   */
  choose(port: (wellKnown: number, offset: number) => number): NonNullable<MeshConfig['addons'][AddonName]>;
  /** Every port that it listens on, the one of its pages first. */
  ports(config: MeshConfig): readonly number[];
  /** Where a browser finds it. */
  url(config: MeshConfig): string;
  /** Programs that it needs on the host and that can be installed. */
  readonly needs: readonly string[];
  /** Writes what the program reads, each time before it is started. */
  prepare(config: MeshConfig): void;
  command(config: MeshConfig): readonly string[];
  /** Working directory of the program. */
  directory(config: Pick<MeshConfig, 'dataDir'>): string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether a command line, or that of its keeper, runs it for the mesh whose configuration file is `configPath`. Pure. */
  owns(argv: readonly string[], configPath: string): boolean;
  readonly limits: AddonLimits;
  /** Programs of the mesh that read its settings when they start, and so start again when it is new or gone. */
  readonly readBy: readonly ('control-plane' | 'node-runtime')[];
  /** Resolves with true once it serves. */
  ready(config: MeshConfig): Promise<boolean>;
}
