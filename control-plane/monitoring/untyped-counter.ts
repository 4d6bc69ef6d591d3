import { Counter } from 'prom-client';

/**
 * A counter under a name that others gave it and that does not end in `_total`, which `promtool check metrics` asks of
 * what is typed as a counter. The name is what dashboards read, so that the type is left open: Prometheus stores and
 * rates both alike.
 */
export class UntypedCounter<T extends string> extends Counter<T> {
  override async get(): ReturnType<Counter<T>['get']> {
    const said = await super.get();
    return { ...said, type: 'untyped' } as unknown as typeof said;
  }
}
