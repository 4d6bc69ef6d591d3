import type { Container, Probe } from '#api/kinds/pod-spec.ts';
import type { Containers, ExecOptions } from '../pod/containers.ts';
import { probeExec } from './exec-probe.ts';
import { probeHttp } from './http-probe.ts';
import { probePort } from './probe-port.ts';
import type { Outcome } from './prober.ts';
import { probeTcp } from './tcp-probe.ts';

/** Where and as whom the probes of one container run. */
export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly process: Pick<ExecOptions, 'uid' | 'gid' | 'env'>;
  readonly localAddress: string | undefined;
}

/** Makes one try of whichever handler the probe has. */
export async function runProbe(
  probe: Probe,
  timeoutMs: number,
  target: ProbeTarget,
  containers: Pick<Containers, 'exec'>,
): Promise<Outcome> {
  const { container, podIp } = target;
  const { httpGet, tcpSocket, exec } = probe;
  if (httpGet !== undefined) {
    return probeHttp({
      scheme: httpGet.scheme === 'HTTPS' ? 'https' : 'http',
      host: httpGet.host ?? podIp,
      port: probePort(httpGet.port, container),
      path: httpGet.path,
      headers: httpGet.httpHeaders ?? [],
      timeoutMs,
      localAddress: sourceFor(httpGet.host, target),
    });
  }
  if (tcpSocket !== undefined) {
    return probeTcp({
      host: tcpSocket.host ?? podIp,
      port: probePort(tcpSocket.port, container),
      timeoutMs,
      localAddress: sourceFor(tcpSocket.host, target),
    });
  }
  if (exec === undefined) return { ok: true, message: '' };
  return probeExec(containers, target.containerId, exec.command, { ...target.process, timeoutMs });
}

/** The probe source is known to the pod's rules only: a probe of another host goes out as usual. */
function sourceFor(host: string | undefined, { podIp, localAddress }: ProbeTarget): string | undefined {
  return host === undefined || host === podIp ? localAddress : undefined;
}
