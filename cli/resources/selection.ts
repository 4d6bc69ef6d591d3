import type { Command } from 'commander';

export interface NamespaceOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

export function namespaceOption(command: Command): Command {
  return command.option('-n, --namespace <namespace>', 'the namespace (default: default)');
}

/** Undefined stands for all namespaces. */
export function namespaceOf(options: NamespaceOptions): string | undefined {
  return options.allNamespaces === true ? undefined : (options.namespace ?? 'default');
}

/** Collects an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
