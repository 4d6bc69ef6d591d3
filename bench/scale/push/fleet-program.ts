/**
 * `node fleet-program.ts SOCKET FIRST COUNT INTEREST_JSON`, with an IPC channel: so many simulated sidecars. Says `settled` when all
 * have their configuration and nothing more came for a while. Told an address (`Await`), says when each one acknowledged the
 * response that holds it (`Acknowledged`). Ends with its parent.
 */
import { ENDPOINT_TYPE } from '#api/xds/resource-types.ts';
import type { Interest } from '../control-plane.ts';
import { monotonicMs } from '../told-process.ts';
import type { Acknowledged, Await } from './fleet.ts';
import { SimulatedSidecar } from './simulated-sidecar.ts';

const QUIET_MS = 400;
/** Not all at once: a thousand sidecars do not start in the same moment either. */
const AT_A_TIME = 20;

const [socket = '', first, count, interestJson = '{}'] = process.argv.slice(2);
const interest = JSON.parse(interestJson) as Interest;
const total = Number(count);
const sidecars: SimulatedSidecar[] = [];
let awaited: Buffer | undefined;
let at: number[] = [];
let lastHeardMs = performance.now();

function acknowledged(typeUrl: string, message: Buffer): void {
  lastHeardMs = performance.now();
  if (awaited === undefined || typeUrl !== ENDPOINT_TYPE || !message.includes(awaited)) return;
  at.push(monotonicMs());
  if (at.length < total) return;
  awaited = undefined;
  process.send?.({ atMs: at } satisfies Acknowledged);
}

function fail(error: Error): void {
  console.error(`a simulated sidecar failed: ${error.message}`);
  process.exit(1);
}

const pace = setInterval(() => {
  if (sidecars.slice(-AT_A_TIME).some((sidecar) => !sidecar.isSettled)) return;
  for (let i = 0; i < AT_A_TIME && sidecars.length < total; i += 1) {
    const pod = `client-${Number(first) + sidecars.length}`;
    sidecars.push(new SimulatedSidecar(socket, pod, interest, { acknowledged, failed: fail }));
  }
  if (sidecars.length < total || performance.now() - lastHeardMs < QUIET_MS) return;
  if (sidecars.some((sidecar) => !sidecar.isSettled)) return;
  clearInterval(pace);
  process.send?.('settled');
}, 10);

process.on('message', ({ address }: Await) => {
  at = [];
  awaited = Buffer.from(address, 'latin1');
  process.send?.('waiting');
});
process.on('disconnect', () => process.exit(0));
