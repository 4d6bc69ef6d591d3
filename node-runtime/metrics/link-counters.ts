/** What passed through a link, as the side that holds it counts. */
export interface LinkCounters {
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receiveErrors: number;
  readonly receiveDrops: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sendErrors: number;
  readonly sendDrops: number;
}

/**
 * Every link of the network namespace by its name, out of `/proc/net/dev`: one read for all pods. Pure. What a line
 * has beyond the name is 16 numbers; lines that have anything else are left out.
 */
export function parseLinkCounters(text: string): Map<string, LinkCounters> {
  const links = new Map<string, LinkCounters>();
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const words = line
      .slice(colon + 1)
      .trim()
      .split(/ +/);
    if (words.length < 16 || !words.every((word) => /^\d{1,20}$/.test(word))) continue;
    const at = (index: number): number => Number(words[index]);
    links.set(line.slice(0, colon).trim(), {
      receivedBytes: at(0),
      receivedPackets: at(1),
      receiveErrors: at(2),
      receiveDrops: at(3),
      sentBytes: at(8),
      sentPackets: at(9),
      sendErrors: at(10),
      sendDrops: at(11),
    });
  }
  return links;
}

/** The same traffic from the other end of a veth pair: what the host received, the pod sent. */
export function mirrored(host: LinkCounters): LinkCounters {
  return {
    receivedBytes: host.sentBytes,
    receivedPackets: host.sentPackets,
    receiveErrors: host.sendErrors,
    receiveDrops: host.sendDrops,
    sentBytes: host.receivedBytes,
    sentPackets: host.receivedPackets,
    sendErrors: host.receiveErrors,
    sendDrops: host.receiveDrops,
  };
}
