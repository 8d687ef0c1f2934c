/** Options and program, or module, of `stet worker`. */
export interface WorkerValues {
  readonly store: string | undefined;
  readonly module?: string | undefined;
  readonly program?: readonly string[];
  readonly namespace?: string | undefined;
  readonly result?: string | RegExp | undefined;
  readonly logs?: string | undefined;
}

/** Returns the arguments of `stet worker` that have these values. */
export function workerArguments(
  { store, module, program = [], result, ...named }: WorkerValues,
): string[] {
  const pattern = result instanceof RegExp ? result.source : result;
  const options = { store, namespace: named.namespace, result: pattern, logs: named.logs };
  return [
    ...module === undefined ? [] : [module],
    ...Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value]
    ),
    ...program.length > 0 ? ["--", ...program] : [],
  ];
}
