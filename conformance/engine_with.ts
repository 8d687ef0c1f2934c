import type { Engine } from "../core/contract/engine.ts";

/** Returns an engine with other members in place of some of its own, or added to them. */
export function engineWith<T extends object>(engine: Engine, others: T): Engine & T {
  return new Proxy(engine, {
    get(target, name): unknown {
      if (Object.hasOwn(others, name)) return Reflect.get(others, name);
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  }) as Engine & T;
}
