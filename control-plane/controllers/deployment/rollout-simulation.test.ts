/**
 * A Deployment, its ReplicaSets and their pods under a scheduler that lets anyone act at any time: the Deployment's
 * planner, the planner of any set, a set's report of its counts (late, as a watch is late), pods that become ready and
 * pods that finish. Whatever the order, the limits of the rolling update hold, and in the end it is complete.
 */
import { describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '#api/foundation/random.ts';
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { controllerOf } from '../ownership/owner.ts';
import { isActive, isPodReady } from '../pods.ts';
import { planReplicas } from '../replica-set/plan-replicas.ts';
import type { RolloutAction } from './actions.ts';
import { isComplete } from './completeness.ts';
import { deploymentOf, NOW, podOf } from './deployment-fixture.ts';
import { fencepostsOf } from './fenceposts.ts';
import { planRollout } from './plan-rollout.ts';

class World {
  deployment: Stored<Deployment>;
  sets: Stored<ReplicaSet>[] = [];
  pods: Stored<Pod>[] = [];
  nowMs = NOW;
  #made = 0;
  readonly #random: Random;

  constructor(deployment: Stored<Deployment>, random: Random) {
    this.deployment = deployment;
    this.#random = random;
  }

  turn(): void {
    this.nowMs += 100;
    const set = this.#pick(this.sets);
    const moves = [
      () => this.rollOut(),
      () => set && this.replicate(set),
      () => set && this.report(set),
      () => this.ready(),
      () => this.finish(),
    ];
    moves[Math.floor(this.#random() * moves.length)]?.();
  }

  rollOut(): void {
    const plan = planRollout(this.deployment, this.sets, this.pods, this.nowMs);
    for (const action of plan.actions) this.#apply(action);
    this.deployment = { ...this.deployment, status: plan.status };
  }

  replicate(set: Stored<ReplicaSet>): void {
    const plan = planReplicas(set, this.#podsOf(set), this.nowMs);
    for (let i = 0; i < plan.create; i += 1) this.pods.push(podOf(set, `p${++this.#made}`));
    const removed = new Set(plan.remove);
    const deletionTimestamp = new Date(this.nowMs).toISOString();
    this.pods = this.pods.map((pod) =>
      removed.has(pod) ? { ...pod, metadata: { ...pod.metadata, deletionTimestamp } } : pod,
    );
  }

  report(set: Stored<ReplicaSet>): void {
    this.#replace({ ...set, status: planReplicas(set, this.#podsOf(set), this.nowMs).status });
  }

  ready(): void {
    const pod = this.#pick(this.pods.filter((candidate) => isActive(candidate) && !isPodReady(candidate)));
    const lastTransitionTime = new Date(this.nowMs).toISOString();
    const conditions = [{ type: 'Ready', status: 'True' as const, lastTransitionTime }];
    this.pods = this.pods.map((other) =>
      other === pod ? { ...pod, status: { phase: 'Running', conditions } } : other,
    );
  }

  finish(): void {
    const pod = this.#pick(
      this.pods.filter((candidate) => candidate.metadata.deletionTimestamp !== undefined),
    );
    this.pods = this.pods.filter((other) => other !== pod);
  }

  setImage(image: string): void {
    const { metadata, spec } = deploymentOf(this.deployment.spec, {});
    const template = {
      ...spec.template,
      spec: { ...spec.template.spec, containers: [{ name: 'app', image }] },
    };
    const generation = (this.deployment.metadata.generation ?? 0) + 1;
    this.deployment = {
      ...this.deployment,
      metadata: { ...metadata, generation },
      spec: { ...spec, template },
    };
  }

  scale(replicas: number): void {
    const generation = (this.deployment.metadata.generation ?? 0) + 1;
    const metadata = { ...this.deployment.metadata, generation };
    this.deployment = { ...this.deployment, metadata, spec: { ...this.deployment.spec, replicas } };
  }

  isDone(): boolean {
    const { status } = planRollout(this.deployment, this.sets, this.pods, this.nowMs);
    return isComplete(this.deployment, status);
  }

  /** Fair turns until the rollout is complete; gives up when it hangs. */
  settle(): void {
    for (let round = 0; round < 2 || (round < 500 && !this.isDone()); round += 1) {
      this.rollOut();
      for (const set of this.sets) this.replicate(set);
      this.ready();
      this.finish();
      for (const set of this.sets) this.report(set);
      this.nowMs += 1_000;
    }
    expect(this.isDone()).toBe(true);
  }

  #apply(action: RolloutAction): void {
    if (action.type === 'create') {
      const metadata = {
        ...action.replicaSet.metadata,
        name: action.replicaSet.metadata.name ?? '',
        uid: `set-${++this.#made}`,
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: new Date(this.nowMs).toISOString(),
      };
      this.sets.push({ ...action.replicaSet, metadata });
    } else if (action.type === 'forget') {
      this.sets = this.sets.filter((set) => set !== action.replicaSet);
    } else {
      const set = action.replicaSet;
      const replicas = action.type === 'scale' ? action.replicas : set.spec.replicas;
      const generation = (set.metadata.generation ?? 0) + (replicas === set.spec.replicas ? 0 : 1);
      const metadata = { ...set.metadata, annotations: { ...action.annotations }, generation };
      this.#replace({ ...set, metadata, spec: { ...set.spec, replicas } });
    }
  }

  #replace(next: Stored<ReplicaSet>): void {
    this.sets = this.sets.map((set) => (set.metadata.uid === next.metadata.uid ? next : set));
  }

  #podsOf(set: Stored<ReplicaSet>): Stored<Pod>[] {
    return this.pods.filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
  }

  #pick<T>(values: readonly T[]): T | undefined {
    return values[Math.floor(this.#random() * values.length)];
  }
}

function randomDeployment(random: Random): Stored<Deployment> {
  const integer = (most: number): number => Math.floor(random() * (most + 1));
  const share = (): number | string => (random() < 0.5 ? integer(4) : `${integer(10) * 10}%`);
  const [maxSurge, maxUnavailable] = [share(), share()];
  const minReadySeconds = random() < 0.3 ? 1 : 0;
  const replicas = integer(10);
  return deploymentOf({
    replicas,
    minReadySeconds,
    strategy: { rollingUpdate: { maxSurge, maxUnavailable } },
  });
}

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed + 1);

describe('over random orders of events', () => {
  test.each(SEEDS)('a rolling update stays within its limits and ends (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const world = new World(randomDeployment(random), random);
    world.settle();
    const { replicas } = world.deployment.spec;
    const { maxSurge, maxUnavailable } = fencepostsOf(world.deployment);
    for (let turn = 0; turn < 400; turn += 1) {
      if (turn % 120 === 0) world.setImage(`v${2 + Math.floor(random() * 3)}`);
      world.turn();
      const active = world.pods.filter(isActive);
      expect(active.length, `pods at turn ${turn}`).toBeLessThanOrEqual(replicas + maxSurge);
      expect(active.filter(isPodReady).length, `ready pods at turn ${turn}`).toBeGreaterThanOrEqual(
        replicas - maxUnavailable,
      );
    }
    world.settle();
  });

  test.each(SEEDS.slice(0, 60))(
    'scaling in the middle of rollouts ends where it should (seed %i)',
    (seed) => {
      const random = seededRandom(seed * 7919);
      const world = new World(randomDeployment(random), random);
      for (let turn = 0; turn < 300; turn += 1) {
        if (random() < 0.02) world.setImage(`v${Math.floor(random() * 3)}`);
        if (random() < 0.03) world.scale(Math.floor(random() * 12));
        world.turn();
      }
      world.settle();
      const active = world.pods.filter(isActive);
      expect(active).toHaveLength(world.deployment.spec.replicas);
      const image = world.deployment.spec.template.spec.containers[0]?.image;
      expect(active.every((pod) => pod.spec.containers[0]?.image === image)).toBe(true);
    },
  );
});
