import { describe, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import { type Pod, PodSchema } from '#api/kinds/pod.ts';
import { type Candidate, chooseNode, EMPTY, type Load } from './choose-node.ts';
import { demandOf } from './requests.ts';

const GI = 1024 ** 3;

interface NodeShape {
  readonly name: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: number;
  readonly load?: Partial<Load>;
  readonly labels?: Record<string, string>;
  readonly ready?: 'True' | 'False' | 'Unknown';
  readonly cordoned?: boolean;
  readonly going?: boolean;
}

function candidate(shape: NodeShape): Candidate {
  const allocatable = { cpu: shape.cpu ?? '4', memory: shape.memory ?? '8Gi', pods: shape.pods ?? 110 };
  const node: Stored<Node> = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: shape.name,
      uid: shape.name,
      resourceVersion: '1',
      creationTimestamp: '',
      labels: shape.labels ?? {},
      ...(shape.going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { unschedulable: shape.cordoned ?? false },
    status: { allocatable, conditions: [{ type: 'Ready', status: shape.ready ?? 'True' }] },
  };
  return { node, load: { ...EMPTY, ...shape.load } };
}

const container = (name: string, resources: object = {}, more: object = {}) => ({ name, resources, ...more });
const pod = (spec: object): Pod =>
  PodSchema.parse({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
const asking = (cpu: string, memory: string, more: object = {}): Pod =>
  pod({ containers: [container('app', { requests: { cpu, memory } })], ...more });

describe('a pod is bound to', () => {
  test.each<{ name: string; pod: Pod; nodes: NodeShape[]; to: string }>([
    {
      name: 'the node with the most left',
      pod: asking('1', '1Gi'),
      nodes: [{ name: 'full', load: { cpu: 2, memory: 4 * GI, pods: 1 } }, { name: 'free' }],
      to: 'free',
    },
    {
      name: 'the larger of two empty nodes',
      pod: asking('1', '1Gi'),
      nodes: [
        { name: 'small', cpu: '2' },
        { name: 'large', cpu: '16' },
      ],
      to: 'large',
    },
    {
      name: 'the node with fewer pods when nothing else tells them apart',
      pod: pod({ containers: [container('app')] }),
      nodes: [
        { name: 'a', load: { pods: 3 } },
        { name: 'b', load: { pods: 2 } },
      ],
      to: 'b',
    },
    {
      name: 'the first by name of equals',
      pod: pod({ containers: [container('app')] }),
      nodes: [{ name: 'b' }, { name: 'a' }],
      to: 'a',
    },
    {
      name: 'the only node that fits exactly',
      pod: asking('2', '1Gi'),
      nodes: [{ name: 'n', cpu: '4', load: { cpu: 2, pods: 9 } }],
      to: 'n',
    },
    {
      name: 'a full node when it asks for nothing',
      pod: pod({ containers: [container('app')] }),
      nodes: [{ name: 'n', cpu: '1', load: { cpu: 5, pods: 1 } }],
      to: 'n',
    },
    {
      name: 'the node that its selector names',
      pod: asking('1', '1Gi', { nodeSelector: { disk: 'fast' } }),
      nodes: [{ name: 'a' }, { name: 'b', labels: { disk: 'fast' } }],
      to: 'b',
    },
  ])('$name', ({ pod: asked, nodes, to }) => {
    expect(chooseNode(asked, nodes.map(candidate))).toEqual({ outcome: 'bind', nodeName: to });
  });
});

describe('a pod that fits nowhere says', () => {
  test.each<{ name: string; nodes: NodeShape[]; message: string }>([
    {
      name: 'that there are no nodes',
      nodes: [],
      message: '0/0 nodes are available: no nodes are registered.',
    },
    {
      name: 'that a node is not ready',
      nodes: [{ name: 'n', ready: 'Unknown' }],
      message: '0/1 nodes are available: 1 node(s) were not ready.',
    },
    {
      name: 'that a node is cordoned',
      nodes: [{ name: 'n', cordoned: true }],
      message: '0/1 nodes are available: 1 node(s) were unschedulable.',
    },
    {
      name: 'that a node goes',
      nodes: [{ name: 'n', going: true }],
      message: '0/1 nodes are available: 1 node(s) were being deleted.',
    },
    {
      name: 'that the pods are too many',
      nodes: [{ name: 'n', pods: 2, load: { pods: 2 } }],
      message: '0/1 nodes are available: 1 Too many pods.',
    },
    {
      name: 'everything that is missing, counted',
      nodes: [
        { name: 'a', cpu: '1', memory: '1Gi' },
        { name: 'b', cpu: '1' },
        { name: 'c', ready: 'False' },
      ],
      message:
        '0/3 nodes are available: 1 Insufficient memory, 1 node(s) were not ready, 2 Insufficient cpu.',
    },
  ])('$name', ({ nodes, message }) => {
    expect(chooseNode(asking('2', '2Gi'), nodes.map(candidate))).toEqual({
      outcome: 'unschedulable',
      message,
    });
  });
});

describe('a pod reserves', () => {
  const one = { requests: { cpu: '1', memory: '1Gi' } };
  test.each<{ name: string; spec: object; cpu: number; memory: number }>([
    { name: 'nothing when it asks for nothing', spec: { containers: [container('a')] }, cpu: 0, memory: 0 },
    {
      name: 'the sum of its containers',
      spec: { containers: [container('a', one), container('b', one)] },
      cpu: 2,
      memory: 2,
    },
    {
      name: 'its limits when it asks for nothing else',
      spec: { containers: [container('a', { limits: { cpu: '500m', memory: '2Gi' } })] },
      cpu: 0.5,
      memory: 2,
    },
    {
      name: 'its largest init container when that is more',
      spec: {
        containers: [container('a', one)],
        initContainers: [container('i', { requests: { cpu: '3', memory: '512Mi' } })],
      },
      cpu: 3,
      memory: 1,
    },
    {
      name: 'its sidecars beside its containers',
      spec: {
        containers: [container('a', one)],
        initContainers: [container('s', one, { restartPolicy: 'Always' })],
      },
      cpu: 2,
      memory: 2,
    },
  ])('$name', ({ spec, cpu, memory }) => {
    expect(demandOf(pod(spec).spec)).toEqual({ cpu, memory: memory * GI });
  });
});
