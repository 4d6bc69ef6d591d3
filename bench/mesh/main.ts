/**
 * What a mesh costs and how fast it reacts: pod start, change to traffic, sidecar memory. Starts a mesh of its own,
 * prints rows for RESULTS.md, removes the mesh.
 *
 * Usage: node bench/mesh/main.ts [ROUNDS]    (root; about a minute with 10 rounds)
 */
import { startBenchMesh } from './bench-mesh.ts';
import { measureChange } from './change-to-traffic.ts';
import { measurePodStart } from './pod-start.ts';
import { measureSidecarMemory } from './sidecar-memory.ts';
import type { Summary } from './statistics.ts';

const rounds = Number(process.argv[2] ?? 10);
const mesh = await startBenchMesh();
try {
  console.log('| what | median | p99 | max | n |\n|---|---|---|---|---|');
  const starts = await measurePodStart(mesh, rounds);
  row('pod start to Ready, with sidecar (ms)', starts.withSidecar);
  row('pod start to Ready, without sidecar (ms)', starts.withoutSidecar);
  const change = await measureChange(mesh, rounds * 2, 200);
  row('change sent → first answer of the new version (ms)', change.untilTraffic);
  row('change sent → every sidecar acknowledged (ms)', change.untilAcknowledged);
  const memory = await measureSidecarMemory(mesh.config);
  row('sidecar PSS after the load (MiB)', memory.pssMiB);
  row('sidecar RSS after the load (MiB)', memory.rssMiB);
  console.log(`\n${change.requests} requests during the changes, ${change.failed} failed.`);
} finally {
  await mesh.remove();
}

function row(what: string, { median, p99, max, count }: Summary): void {
  console.log(`| ${what} | ${median.toFixed(1)} | ${p99.toFixed(1)} | ${max.toFixed(1)} | ${count} |`);
}
