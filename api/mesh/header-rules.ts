/** What a rule may not do to the head of a message: what the API refuses is what proxies refuse. */

/** They say where a message ends or what its connection becomes: the codec alone decides that. */
export const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Sidecars tell each other who they are with it, and take it out again. */
export const PEER_METADATA_HEADER = 'x-envoy-peer-metadata';

/** Longest name and longest value of a header, characters: Envoy's limit. */
export const MAX_HEADER_LENGTH = 16_384;
