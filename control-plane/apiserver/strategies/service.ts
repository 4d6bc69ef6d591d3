import type { Service } from '#api/kinds/service.ts';
import type { Strategy } from './strategy.ts';

/** The address of a service is given once, by the controller or by its maker; manifests that leave it out keep it. */
export const serviceStrategy: Strategy<Service> = {
  prepareForUpdate(service, old) {
    const { clusterIP, clusterIPs } = old.spec;
    if (clusterIP === undefined || clusterIP === '' || (service.spec.clusterIP ?? '') !== '') return service;
    return { ...service, spec: { ...service.spec, clusterIP, ...(clusterIPs && { clusterIPs }) } };
  },
  checkUpdate({ spec }, { spec: old }) {
    const given = old.clusterIP ?? '';
    return given === '' || spec.clusterIP === given
      ? []
      : [{ path: 'spec.clusterIP', message: `may not change once set; it is ${given}` }];
  },
};
