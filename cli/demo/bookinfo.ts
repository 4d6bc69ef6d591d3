/** The demo application: where its files are, applied and waited for. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpClient } from '#api/client/http-client.ts';
import { compareVersions } from '#api/client/resource-version.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Service, vipOf } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import type { Step } from '../output/progress.ts';
import { type Applied, applyManifest, inOrder, placed } from '../resources/apply.ts';
import { loadManifests } from '../resources/manifests.ts';
import { awaitDeployment } from '../rollout/deployment.ts';
import { awaitLive } from '../rollout/live.ts';
import { sendLoad } from './traffic.ts';

export const NAMESPACE = 'default';
const APPS = ['productpage', 'details', 'reviews', 'ratings'];
const READY_TIMEOUT_SECONDS = 90;
const LIVE_TIMEOUT_SECONDS = 20;
const PAGE_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

export const EXAMPLE = fileURLToPath(new URL('../../examples/bookinfo', import.meta.url));

/** The example's path as the reader would type it. */
export function examplePath(): string {
  const path = relative(process.cwd(), EXAMPLE);
  return path.startsWith('..') ? EXAMPLE : path;
}

async function applyFile(client: HttpClient, path: string): Promise<Applied[]> {
  const manifests = inOrder(loadManifests([path])).map((manifest) => placed(manifest, NAMESPACE));
  const applied: Applied[] = [];
  for (const manifest of manifests) applied.push(await applyManifest(client, manifest, { dryRun: false }));
  return applied;
}

/**
 * Resolves when every deployment of the application is rolled out and no rule shifts its traffic. `traced`: somebody takes
 * its spans in.
 */
export async function startBookinfo(
  client: HttpClient,
  step: Step,
  signal: AbortSignal,
  traced: boolean,
): Promise<void> {
  await client.delete(VirtualService, NAMESPACE, 'reviews');
  const applied = [
    ...(await applyFile(client, `${EXAMPLE}/bookinfo.yaml`)),
    ...(await applyFile(client, `${EXAMPLE}/networking/destination-rule-all.yaml`)),
    ...(traced ? await applyFile(client, `${EXAMPLE}/telemetry.yaml`) : []),
  ];
  const deployments = applied.filter(({ manifest }) => manifest.kind.kind === 'Deployment');
  let ready = 0;
  const waits = deployments.map(async ({ object }) => {
    const name = object.metadata.name;
    await awaitDeployment(
      client,
      { namespace: NAMESPACE, name },
      { timeoutSeconds: READY_TIMEOUT_SECONDS, signal, onProgress: () => {} },
    );
    ready += 1;
    step.note(`${ready} of ${deployments.length} deployments ready`);
  });
  await Promise.all(waits);
  await awaitLive(client, newest(applied), LIVE_TIMEOUT_SECONDS);
  step.note('waiting for the first page');
  await awaitPage(`${await productPage(client)}/api/v1/products/0/reviews`, signal);
}

/** The page answers through all of its sidecars. */
async function awaitPage(url: string, signal: AbortSignal): Promise<void> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(PAGE_TIMEOUT_MS)]);
  for (;;) {
    const { failed, firstFailure } = await sendLoad({ url, requests: 1, concurrency: 1, signal });
    if (failed === 0) return;
    if (until.aborted)
      throw new WeftError('PageNotServed', `${url} does not answer: ${firstFailure}`, {
        remedy: 'see: weft get pods; weft proxy status',
      });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Applies the route; resolves, once every sidecar runs it, with the milliseconds that took. */
export async function applyRoute(client: HttpClient, file: string): Promise<number> {
  const start = performance.now();
  const applied = await applyFile(client, `${EXAMPLE}/networking/${file}`);
  await awaitLive(client, newest(applied), LIVE_TIMEOUT_SECONDS);
  return performance.now() - start;
}

function newest(applied: readonly Applied[]): string {
  return applied
    .map(({ object }) => object.metadata.resourceVersion)
    .sort(compareVersions)
    .at(-1)!;
}

/** The application's pods, the newest generation of each first in name order; pods that are ending are left out. */
export async function bookinfoPods(client: HttpClient): Promise<Stored<Pod>[]> {
  const { items } = await client.list(Pod, {
    namespace: NAMESPACE,
    labelSelector: `app in (${APPS.join(',')})`,
  });
  return items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

/** Where the host reaches productpage: its service's address. */
export async function productPage(client: HttpClient): Promise<string> {
  const service = await client.get(Service, NAMESPACE, 'productpage');
  const vip = service === undefined ? undefined : vipOf(service);
  if (vip === undefined)
    throw new WeftError('NoServiceAddress', 'the service productpage has no address', {
      remedy: 'see: weft describe service productpage',
    });
  return `http://${vip}:9080`;
}
