/** Installs Prometheus, with promtool, where it is missing, for tests that start it by themselves. */
import { installPrograms } from '#cli/host/install-packages.ts';
import { findMissingPrograms } from '#cli/host/probe-host.ts';

await installPrograms(await findMissingPrograms(['prometheus']));
