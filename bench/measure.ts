import { describeCommit, describeMachine } from './harness/machine.ts';
import type { Report, RunOptions, Scenario } from './scenario.ts';

/** Runs a scenario and says where and when it ran. */
export async function measure(scenario: Scenario, options: RunOptions): Promise<Report> {
  const commit = describeCommit(import.meta.dirname);
  const date = new Date().toISOString();
  const measured = await scenario.run(options);
  return {
    scenario: scenario.name,
    machine: describeMachine(),
    date,
    commit,
    quick: options.quick,
    ...measured,
  };
}
