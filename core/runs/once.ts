import { type CallSite, callSite } from "./call_site.ts";
import { OpenStores } from "./open_stores.ts";
import type { Once, OnceFunction, OnceOptions, Outcome } from "./once_types.ts";
import type { Registry } from "../contract/registry.ts";
import { Runs } from "./runs.ts";
import { statusOf } from "../contract/status_of.ts";
import { type AnyFunction, setTarget } from "./target.ts";
import { checkOptions, type OptionForms } from "../options/check_options.ts";
import { flag, log, names, oneOf, store, text } from "../options/option_forms.ts";
import { isPlainObject } from "../values/value.ts";

const OPTIONS: OptionForms<OnceOptions> = {
  store,
  key: true,
  paramNames: true,
  defaults: names,
  save: flag,
  rerunIfMissing: flag,
  namespace: text,
  onChange: oneOf("warn", "rerun", "error", "ignore"),
  version: {
    text: 'a text that is not empty, as in "2"',
    isOfType: (value) => typeof value === "string" && value !== "",
  },
  name: text,
  onBusy: oneOf("skip", "wait"),
  durability: oneOf("power", "process"),
  quiet: flag,
  log,
  backends: names,
};

/** `once` over the kinds of store that a registry knows. */
export function createOnce(registry: Registry): Once {
  const stores = new OpenStores(registry);

  function wrap(
    fn: AnyFunction,
    options: OnceOptions,
    site: CallSite | undefined,
  ): OnceFunction<unknown[], unknown> {
    stores.check(options);
    const runs = new Runs(fn, options, site, (wrapped, store) => {
      return stores.open(wrapped, store === undefined ? options : { ...options, store });
    });
    async function call(this: unknown, ...args: unknown[]): Promise<unknown> {
      const outcome = await runs.outcome(this, args);
      if (outcome.status === "failed") throw outcome.error;
      return outcome.status === "busy" ? undefined : outcome.value;
    }
    Object.defineProperty(call, "name", { value: fn.name, configurable: true });
    setTarget(call, runs, fn);
    return Object.assign(call, {
      outcome: async (...args: unknown[]): Promise<Outcome<unknown>> =>
        await runs.outcome(undefined, args),
      has: (...args: unknown[]) => runs.has(args),
      reset: (...args: unknown[]) => runs.reset(args),
      status: () => runs.using(statusOf),
      close: () => runs.close(),
      [Symbol.asyncDispose]: () => runs.close(),
    });
  }

  function once(first: unknown, second?: unknown): unknown {
    const site = callSite(once);
    if (typeof first === "function") {
      return wrap(
        first as AnyFunction,
        isContext(second) ? onMethod(second, {}) : optionsOf(second),
        site,
      );
    }
    const options = optionsOf(first);
    return function wrapWithOptions(fn: unknown, context?: unknown) {
      const site = callSite(wrapWithOptions);
      if (typeof fn !== "function") throw notWrappable(fn);
      const own = isContext(context) ? onMethod(context, options) : options;
      return wrap(fn as AnyFunction, own, site);
    };
  }

  return once as Once; // its overloads declare the arguments that the checks above admit
}

function isContext(x: unknown): x is DecoratorContext {
  return typeof x === "object" && x !== null && "kind" in x && "addInitializer" in x;
}

function onMethod({ kind, name }: DecoratorContext, options: OnceOptions): OnceOptions {
  if (kind === "method") return options;
  throw new TypeError(`Cannot decorate the ${kind} ${String(name)}: @once is for methods`);
}

function optionsOf(x: unknown): OnceOptions {
  if (x === undefined) return {};
  if (!isPlainObject(x)) throw notWrappable(x);
  const { source: _, ...options } = x; // the command line gives it
  checkOptions("wrap", options, OPTIONS);
  return x;
}

function notWrappable(x: unknown): TypeError {
  const got = x === null ? "null" : typeof x;
  return new TypeError(
    `Cannot wrap: once() takes a function and then options, or options and then a function, got ${got}`,
  );
}
