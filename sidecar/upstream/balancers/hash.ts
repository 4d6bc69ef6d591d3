/**
 * 32-bit hashing for consistent hashing: the same on every sidecar, so that all send a key to the same endpoint.
 * Envoy's xxHash would only matter to a mesh in which Envoy and weft share one set of clients' keys.
 */

/** Murmur3's finaliser: spreads every bit of `value` over all 32. */
export function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** FNV-1a over the UTF-16 units of `text`, mixed; unsigned. */
export function hashText(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

/** Another hash of the same key, for the `turn`th choice or another purpose. */
export function rehash(hash: number, turn: number): number {
  return mix(hash ^ Math.imul(turn + 1, 0x9e3779b9));
}
