import { WeftError } from '#api/foundation/errors.ts';
import { addressToNumber } from '#api/mesh/addresses.ts';

/**
 * Names of kernel objects. All links of a mesh start with `ID-`, so that two meshes never meet and a sweep needs nothing
 * but the id. Link names hold 15 characters: 8 of the id, the dash and 6 of a hash.
 */

const SANDBOX_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function linkPrefix(meshId: string): string {
  return `${meshId}-`;
}

/** The link that holds the node's address among the pods. */
export function bridgeName(meshId: string): string {
  return `${meshId}-br`;
}

/** The host's end of a pod's veth pair. */
export function hostLinkName(meshId: string, sandbox: string): string {
  return `${meshId}-${hash(sandbox)}`;
}

/** The one nftables table (family inet) of a mesh in the host's namespace. */
export function tableName(meshId: string): string {
  return `weft_${meshId}`;
}

/**
 * Where `ip netns` looks for namespaces: a symbolic link of ours to the namespace that is pinned in the run directory. It is
 * not pinned here, because `ip netns add` may mount this directory over itself at any time, and what was mounted below would
 * be out of reach.
 */
export const NETNS_DIRECTORY = '/run/netns';

/** Throws a WeftError `SandboxNameInvalid`: names start with the mesh's id, because a sweep finds them by it. */
export function checkSandboxName(meshId: string, sandbox: string): void {
  if (SANDBOX_NAME.test(sandbox) && sandbox.startsWith(linkPrefix(meshId))) return;
  throw new WeftError('SandboxNameInvalid', `"${sandbox}" is not a sandbox name of mesh ${meshId}`, {
    remedy: `use at most 63 of [a-z0-9-], starting with ${linkPrefix(meshId)}`,
  });
}

/** Locally administered and made of the address, so that neighbours are known without asking. */
export function podMac(address: string): string {
  return mac('0a:58', address);
}

export function hostMac(address: string): string {
  return mac('0e:58', address);
}

function mac(prefix: string, address: string): string {
  const hex = addressToNumber(address).toString(16).padStart(8, '0');
  return `${prefix}:${hex.match(/../g)!.join(':')}`;
}

/** FNV-1a, folded into 6 characters of base 36: 31 bits, far more than the pods of a machine need. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return ((value >>> 0) % 36 ** 6).toString(36).padStart(6, '0');
}
