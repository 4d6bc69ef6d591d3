import type { Scenario } from '../scenario.ts';

/** Two hops with mutual TLS between them. Sidecars have no certificates to show one another: there is nothing to measure. */
export const mtlsTwoHops: Scenario = {
  name: 'mtls-two-hops',
  title: 'the same with mutual TLS between the proxies',
  mainFigure: 'cpuMicrosPerRequest',
  async run() {
    const why = 'workloads have no identity yet, so sidecars have no certificates to show one another';
    return { rounds: 0, subjects: [], missing: [{ name: 'weft', why }], ratios: {} };
  },
};
