/** Which of the ten colours a service has: by its name, the next one when that is taken, so that it keeps it from page to page. */
export const COLOURS = 10;

export type Colour = (service: string) => number;

export function coloursOf(services: Iterable<string>): Colour {
  const given = new Map<string, number>();
  const taken = new Set<number>();
  for (const service of [...new Set(services)].sort()) {
    let colour = digestOf(service) % COLOURS;
    for (let i = 0; i < COLOURS && taken.has(colour); i++) colour = (colour + 1) % COLOURS;
    taken.add(colour);
    given.set(service, colour);
  }
  return (service) => given.get(service) ?? 0;
}

/** FNV-1a. */
function digestOf(text: string): number {
  let digest = 2_166_136_261;
  for (let i = 0; i < text.length; i++) digest = Math.imul(digest ^ text.charCodeAt(i), 16_777_619) >>> 0;
  return digest;
}
