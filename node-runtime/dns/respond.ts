import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet';
import { contains, type Range } from '#api/mesh/addresses.ts';
import { type DnsRecord, NXDOMAIN, type Reply, records } from './reply.ts';
import { reverseAddress } from './reverse-name.ts';
import type { Zone } from './zone.ts';

/** Seconds that an answer may be kept: endpoints come and go (CoreDNS' default in Kubernetes). */
const TTL_S = 5;

/** RFC 1035 and RFC 2136 response codes; dns-packet takes them as the low bits of `flags`. */
const RCODE = { noError: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4 } as const;

/** The opcode of a standard question, RFC 1035. */
const QUERY = 0;

function opcodeOf({ flags = 0 }: Packet): number {
  return (flags >> 11) & 0xf;
}

/** Addresses whose reverse names this server answers for, known or not. */
export type OwnRanges = readonly Range[];

/** Undefined: the mesh has nothing to say of the name (lower case, no final dot). */
export type EntryLookup = (name: string) => readonly string[] | undefined;

export type Verdict =
  | { readonly do: 'answer'; readonly packet: Packet }
  | { readonly do: 'forward' }
  /** Not a question: answering would invite reflection. */
  | { readonly do: 'drop' };

/** Decides what becomes of one decoded query. `entries` are the names of ServiceEntries, as the asking client has them. Pure. */
export function respond(
  query: Packet,
  zone: Zone,
  ranges: OwnRanges,
  entries: EntryLookup = () => undefined,
): Verdict {
  if (query.type !== 'query') return { do: 'drop' };
  if (opcodeOf(query) !== QUERY) return failure(query, RCODE.notImplemented);
  const [question, ...more] = query.questions ?? [];
  if (question === undefined || more.length > 0) return failure(query, RCODE.formatError);
  const name = question.name.toLowerCase().replace(/\.$/, '');
  if (question.class !== 'IN') return { do: 'forward' };
  const reply = entryReply(name, question.type, entries) ?? ownReply(name, question.type, zone, ranges);
  return reply === undefined ? { do: 'forward' } : { do: 'answer', packet: toPacket(query, reply, zone) };
}

/** An entry has IPv4 addresses and nothing else: other records of the name would lead around the mesh. */
function entryReply(name: string, type: string, entries: EntryLookup): Reply | undefined {
  const addresses = entries(name);
  if (addresses === undefined) return undefined;
  return records(type === 'A' ? addresses.map((address) => ({ type: 'A', name, address })) : []);
}

function ownReply(name: string, type: string, zone: Zone, ranges: OwnRanges): Reply | undefined {
  if (zone.owns(name)) return zone.lookup(name, type);
  const address = reverseAddress(name);
  if (address === undefined || !ranges.some((range) => contains(range, address))) return undefined;
  const target = zone.reverse(address);
  if (target === undefined) return NXDOMAIN;
  return type === 'PTR' ? records([{ type: 'PTR', name, target }]) : records([]);
}

function toPacket(query: Packet, reply: Reply, zone: Zone): Packet {
  const found = reply.found === 'records';
  const rcode = reply.found === 'nxdomain' ? RCODE.nameError : RCODE.noError;
  return {
    ...header(query, rcode | AUTHORITATIVE_ANSWER),
    answers: found ? reply.answers.map(toAnswer) : [],
    additionals: found ? reply.additionals.map(toAnswer) : [],
    authorities: found ? [] : [authority(zone.domain)],
  };
}

function header(query: Packet, flags: number): Packet {
  const recursion = ((query.flags ?? 0) & RECURSION_DESIRED) | RECURSION_AVAILABLE;
  return {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: flags | recursion,
    questions: query.questions ?? [],
  };
}

/** An answer without records that says why. */
function failure(query: Packet, rcode: number): Verdict {
  return { do: 'answer', packet: header(query, rcode) };
}

export function serverFailure(query: Packet): Packet {
  return header(query, RCODE.serverFailure);
}

function toAnswer(record: DnsRecord): Answer {
  const common = { name: record.name, ttl: TTL_S, class: 'IN' } as const;
  switch (record.type) {
    case 'A':
      return { ...common, type: 'A', data: record.address };
    case 'PTR':
      return { ...common, type: 'PTR', data: record.target };
    case 'SRV':
      return {
        ...common,
        type: 'SRV',
        data: { priority: 0, weight: 100, port: record.port, target: record.target },
      };
  }
}

/** What lets resolvers remember that there is nothing, as briefly as an answer. */
function authority(domain: string): Answer {
  return {
    type: 'SOA',
    name: domain,
    ttl: TTL_S,
    class: 'IN',
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86400,
      minimum: TTL_S,
    },
  };
}
