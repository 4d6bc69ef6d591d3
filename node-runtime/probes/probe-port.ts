import { WeftError } from '#api/foundation/errors.ts';
import type { IntOrString } from '#api/kinds/meta.ts';
import type { Container } from '#api/kinds/pod-spec.ts';

/** The number behind a probe's port: itself, or the container's port of that name. */
export function probePort(port: IntOrString, container: Pick<Container, 'ports'>): number {
  const number = typeof port === 'number' ? port : numberOf(port, container);
  if (number !== undefined && number >= 1 && number <= 65535) return number;
  throw new WeftError('ProbePortUnknown', `no port of the container is named "${port}"`, {
    remedy: 'name the port under containers[].ports, or write its number',
  });
}

function numberOf(name: string, { ports }: Pick<Container, 'ports'>): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  return (ports ?? []).find((port) => port.name === name)?.containerPort;
}
