import type { Command } from 'commander';
import type { Session } from './session.ts';

interface VerbModule {
  /** Adds arguments, options and the action to the command. */
  define(command: Command, session: Session): void;
}

export interface VerbEntry {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  /** What an error says when the words are missing that it needs. */
  readonly example?: string;
  readonly load: () => Promise<VerbModule>;
}

const MESH = 'The mesh';
const OBJECTS = 'Its objects, as with kubectl';
const TRAFFIC = 'Its traffic';
export const GROUPS = [MESH, OBJECTS, TRAFFIC] as const;

/** Every verb, one file each, loaded when asked for. */
export const VERBS: readonly VerbEntry[] = [
  {
    name: 'demo',
    group: MESH,
    summary: 'start everything, run a demo application, shift its traffic',
    load: () => import('./verbs/demo.ts'),
  },
  {
    name: 'up',
    group: MESH,
    summary: 'start the control plane and the node runtime',
    load: () => import('./verbs/up.ts'),
  },
  {
    name: 'down',
    group: MESH,
    summary: 'stop them and remove every trace',
    load: () => import('./verbs/down.ts'),
  },
  { name: 'status', group: MESH, summary: 'what runs', load: () => import('./verbs/status.ts') },
  {
    name: 'doctor',
    group: MESH,
    summary: 'what this host has and lacks',
    load: () => import('./verbs/doctor.ts'),
  },
  {
    name: 'setup',
    group: MESH,
    summary: 'install the host packages',
    load: () => import('./verbs/setup.ts'),
  },
  {
    name: 'kubeconfig',
    group: MESH,
    summary: 'a kubeconfig for kubectl and client libraries',
    load: () => import('./verbs/kubeconfig.ts'),
  },
  {
    name: 'apply',
    group: OBJECTS,
    summary: 'create or update from files',
    load: () => import('./verbs/apply.ts'),
  },
  {
    name: 'delete',
    group: OBJECTS,
    summary: 'delete by file or name',
    load: () => import('./verbs/delete.ts'),
  },
  {
    name: 'get',
    group: OBJECTS,
    summary: 'list',
    example: 'weft get pods',
    load: () => import('./verbs/get.ts'),
  },
  {
    name: 'describe',
    group: OBJECTS,
    summary: 'one object in words, with its events',
    example: 'weft describe pod NAME',
    load: () => import('./verbs/describe.ts'),
  },
  { name: 'logs', group: OBJECTS, summary: 'the log of a container', load: () => import('./verbs/logs.ts') },
  {
    name: 'exec',
    group: OBJECTS,
    summary: 'run a command in a container',
    example: 'weft exec POD -- COMMAND',
    load: () => import('./verbs/exec.ts'),
  },
  {
    name: 'scale',
    group: OBJECTS,
    summary: 'set the number of replicas',
    load: () => import('./verbs/scale.ts'),
  },
  {
    name: 'rollout',
    group: OBJECTS,
    summary: 'how a deployment gets on',
    load: () => import('./verbs/rollout.ts'),
  },
  {
    name: 'proxy',
    group: TRAFFIC,
    summary: 'the sidecars and what they run',
    load: () => import('./verbs/proxy.ts'),
  },
  {
    name: 'analyze',
    group: TRAFFIC,
    summary: 'what is wrong or useless in the configuration',
    load: () => import('./verbs/analyze.ts'),
  },
];
