/**
 * What strangers may ask of the viewer. Every pod reaches its receivers, hostile ones too, and tracers tell it names and
 * values that came with requests: so everything that grows has an end here.
 */
export const LIMITS = {
  /** A request to a receiver, as it comes and again when it is unpacked. Tracers send 512 spans at once by default, less than 1 MiB. */
  requestBytes: 4 << 20,
  /** All requests that are being read at one time: whoever comes when they are used up is asked to come again. */
  pendingBytes: 32 << 20,
  /** Messages within a request: each costs a hundred times the two bytes that it can take on the wire. */
  messagesPerRequest: 100_000,
  /** Values within values. */
  depth: 24,
  /** How long a request may take to arrive. */
  requestMs: 10_000,
  /** Connections of one address, and of all. */
  connectionsPerPeer: 32,
  connections: 512,
  /** What one address may send: bytes and spans a second, with four seconds' worth at once. */
  bytesPerSecond: 4 << 20,
  spansPerSecond: 5_000,
  burstSeconds: 4,
  /** Addresses that are told apart; the range of pods has no more in use at a time. */
  peers: 4_096,

  tagsPerSpan: 128,
  eventsPerSpan: 128,
  tagsPerEvent: 32,
  linksPerSpan: 32,
  keyLength: 128,
  nameLength: 256,
  valueLength: 2_048,
  /** One trace with more would be all that there is. */
  spansPerTrace: 10_000,
  bytesPerTrace: 16 << 20,
  /** What one address may put into one trace, so that others find room in it. */
  spansPerPart: 5_000,
  bytesPerPart: 8 << 20,

  /** All spans that are kept, in bytes of memory; the oldest traces make way, of the address that has most. */
  storeBytes: 64 << 20,
  /** Who has less does not make way before others: sixteen floods at once find nobody's share. */
  fairBytes: 4 << 20,
  /** Names that one address may bring: of services, and of operations of each. More are kept as spans and left out of the lists. */
  services: 500,
  operationsPerService: 250,

  /** Traces in one answer to a search. */
  searchResults: 500,
  /** Rows of a waterfall: more would keep a browser busy. */
  rows: 1_000,
} as const;
