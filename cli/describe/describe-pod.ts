/** What people ask of a pod: where it runs, how each container does and why, its limits, its conditions. */

import type { ContainerState, ContainerStatus, Pod } from '#api/kinds/pod.ts';
import { podReason } from '#api/kinds/pod-columns.ts';
import type { Container } from '#api/kinds/pod-spec.ts';
import { ageOf } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
import { field } from './lines.ts';

export function describePod(pod: Pod, nowMs: number): string {
  const { spec, status = {} } = pod;
  return [
    field('Service Account', spec.serviceAccountName),
    field('Node', spec.nodeName),
    field('Status', podReason(pod)),
    status.message === undefined ? '' : field('Message', status.message),
    field('IP', status.podIP),
    section('Init Containers', spec.initContainers ?? [], status.initContainerStatuses, nowMs),
    section('Containers', spec.containers, status.containerStatuses, nowMs),
    conditions(pod),
  ].join('');
}

function section(
  title: string,
  containers: readonly Container[],
  statuses: readonly ContainerStatus[] | undefined,
  nowMs: number,
): string {
  if (containers.length === 0) return '';
  const texts = containers.map((container) =>
    describeContainer(
      container,
      statuses?.find((status) => status.name === container.name),
      nowMs,
    ),
  );
  return `${title}:\n${texts.join('')}`;
}

function describeContainer(container: Container, status: ContainerStatus | undefined, nowMs: number): string {
  const indent = '    ';
  const command = [...(container.command ?? []), ...(container.args ?? [])].join(' ');
  return [
    `  ${container.name}:\n`,
    field('Image', container.image ?? '<host binaries>', indent),
    command === '' ? '' : field('Command', command, indent),
    field(
      'Ports',
      (container.ports ?? []).map((port) => `${port.containerPort}/${port.protocol}`).join(', '),
      indent,
    ),
    field('State', status === undefined ? 'Waiting' : stateOf(status.state, nowMs), indent),
    status?.lastState === undefined ? '' : field('Last State', stateOf(status.lastState, nowMs), indent),
    field('Ready', status?.ready ?? false, indent),
    field('Restarts', status?.restartCount ?? 0, indent),
    field('Limits', resources(container.resources?.limits), indent),
    container.resources?.requests === undefined
      ? ''
      : field('Requests', resources(container.resources.requests), indent),
    probe('Liveness', container.livenessProbe, indent),
    probe('Readiness', container.readinessProbe, indent),
    probe('Startup', container.startupProbe, indent),
  ].join('');
}

function stateOf(state: ContainerState | undefined, nowMs: number): string {
  if (state?.running !== undefined) return `Running since ${ageOf(state.running.startedAt, nowMs)} ago`;
  if (state?.terminated !== undefined) {
    const { reason, exitCode, message } = state.terminated;
    return `Terminated: ${[reason, `exit code ${exitCode}`, message].filter(Boolean).join(', ')}`;
  }
  const { reason, message } = state?.waiting ?? {};
  return `Waiting${reason === undefined ? '' : `: ${reason}`}${message === undefined ? '' : ` (${message})`}`;
}

function resources(list: Readonly<Record<string, string | number>> | undefined): string {
  return Object.entries(list ?? {})
    .map(([name, quantity]) => `${name} ${quantity}`)
    .join(', ');
}

function probe(title: string, probe: Container['readinessProbe'], indent: string): string {
  if (probe === undefined) return '';
  const what =
    probe.httpGet !== undefined
      ? `GET http://:${probe.httpGet.port}${probe.httpGet.path}`
      : probe.tcpSocket !== undefined
        ? `tcp :${probe.tcpSocket.port}`
        : `exec ${probe.exec?.command.join(' ') ?? ''}`;
  return field(
    title,
    `${what} every ${probe.periodSeconds}s, timeout ${probe.timeoutSeconds}s, failures ${probe.failureThreshold}`,
    indent,
  );
}

function conditions(pod: Pod): string {
  const rows = (pod.status?.conditions ?? []).map((condition) => [
    condition.type,
    condition.status,
    condition.message ?? condition.reason ?? '',
  ]);
  return rows.length === 0
    ? ''
    : `Conditions:\n${formatTable(['Type', 'Status', 'Reason'], rows, { indent: '  ' })}`;
}
