/** What of the mesh's settings cannot be read, or leads nowhere. */
import type { Inputs } from '../model/inputs.ts';
import type { Providers } from '../telemetry/providers.ts';
import { type Finding, finding } from './finding.ts';
import { providerProblem } from './telemetry-findings.ts';

export function settingsFindings(inputs: Inputs, providers: Providers): Finding[] {
  const { settings, settingsMistakes } = inputs;
  if (settingsMistakes.length > 0)
    return settingsMistakes.map(({ path, message }) => finding('InvalidSettings', path, message));
  const defaults = (['tracing', 'metrics', 'accessLogging'] as const).flatMap((section) =>
    (settings.defaultProviders[section] ?? []).flatMap((name, i) => {
      const problem = providerProblem(name, section, providers.find(name), inputs);
      const path = `data.mesh.defaultProviders.${section}[${i}]`;
      return problem === undefined ? [] : [finding('UnknownProvider', path, problem)];
    }),
  );
  const idle = settings.enableTracing === true && providers.defaults.tracing.length === 0;
  return idle
    ? [
        ...defaults,
        finding(
          'NoProvider',
          'data.mesh.enableTracing',
          'defaultProviders.tracing names no provider: nothing is traced',
        ),
      ]
    : defaults;
}
