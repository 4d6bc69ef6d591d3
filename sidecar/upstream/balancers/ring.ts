/**
 * Envoy's ring hash (ketama): every endpoint holds points on a ring, a key belongs to the next point.
 *
 * Envoy divides the minimum size of the ring by the number of endpoints, so that each endpoint's number of points
 * changes whenever one comes or goes, and keys move that need not. Here the number of points of an endpoint depends on
 * its weight alone, in steps of a power of two: when an endpoint leaves, only its own keys move.
 */
import { hashText, mix } from './hash.ts';
import type { HashMember, HashTable } from './hash-table.ts';

/** Points of the heaviest endpoint: shares are even to within about 4 %. */
const POINTS = 512;
/** A point is one number: its place on the ring, and below these bits its owner. */
const OWNERS = 2 ** 20;

export interface RingSize {
  /** Points on the ring, at least; Envoy's and Istio's default: 1024. */
  readonly minimumRingSize: number;
  /** Points on the ring, at most, but one for each endpoint; Envoy's default and limit: 8388608. */
  readonly maximumRingSize: number;
}

/** `members` is not empty, and at most a million. */
export function buildRing(members: readonly HashMember[], size: RingSize): HashTable {
  const points = pointsOf(members, size);
  const ring = new Float64Array(points.reduce((sum, count) => sum + count, 0));
  let at = 0;
  members.forEach((member, owner) => {
    const [place, stride] = [hashText(member.key, 0), hashText(member.key, 1)];
    for (let i = 0; i < points[owner]!; i += 1) {
      ring[at] = mix(place ^ mix(stride + Math.imul(i, 0x9e3779b9))) * OWNERS + owner;
      at += 1;
    }
  });
  const sorted = sortEven(ring);
  return { owner: (hash, turn) => sorted[(nextPoint(sorted, mix(hash)) + turn) % sorted.length]! % OWNERS };
}

/** How many points each endpoint gets. */
function pointsOf(members: readonly HashMember[], size: RingSize): number[] {
  const heaviest = members.reduce((most, { weight }) => Math.max(most, weight), 1);
  const unit = 2 ** Math.ceil(Math.log2(heaviest));
  const counts = (points: number): number[] =>
    members.map(({ weight }) => Math.max(1, Math.round((points * weight) / unit)));
  const total = (points: number): number => counts(points).reduce((sum, count) => sum + count, 0);
  let points = POINTS;
  while (total(points) < size.minimumRingSize && total(points * 2) <= size.maximumRingSize) points *= 2;
  while (points > 1 && total(points) > size.maximumRingSize) points /= 2;
  return counts(points);
}

/** Sorts points that lie evenly over the ring: into a slot for each by place, and then past the few that share one. */
function sortEven(points: Float64Array): Float64Array {
  const slots = points.length;
  const width = (2 ** 32 * OWNERS) / slots;
  const ends = new Uint32Array(slots + 1);
  for (const point of points) ends[Math.floor(point / width) + 1]! += 1;
  for (let slot = 0; slot < slots; slot += 1) ends[slot + 1]! += ends[slot]!;
  const sorted = new Float64Array(slots);
  for (const point of points) {
    const slot = Math.floor(point / width);
    sorted[ends[slot]!] = point;
    ends[slot]! += 1;
  }
  for (let i = 1; i < slots; i += 1) {
    const point = sorted[i]!;
    let at = i;
    for (; at > 0 && sorted[at - 1]! > point; at -= 1) sorted[at] = sorted[at - 1]!;
    sorted[at] = point;
  }
  return sorted;
}

/** Index of the first point at or after `place`, or the ring's length. */
function nextPoint(ring: Float64Array, place: number): number {
  const sought = place * OWNERS;
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ring[middle]! < sought) low = middle + 1;
    else high = middle;
  }
  return low;
}
