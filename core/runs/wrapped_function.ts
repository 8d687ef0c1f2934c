import type { CallSite } from "./call_site.ts";
import { type Source, sourceOfFunction } from "../keys/source.ts";
import type { KeyMakers } from "./key_makers.ts";

/** The functions of one source that use one namespace of a store in this process. */
export interface Peers {
  /** True once a function of another source has taken their place. */
  isReplaced: boolean;
  /** The maker of each key. */
  readonly makers: KeyMakers;
}

/** The name of functions without one. */
const ANONYMOUS = "anonymous";

/** Number of functions that were wrapped in this process. */
let count = 0;

/** A function that `once` wrapped, and its identity among the functions of this process. */
export class WrappedFunction {
  readonly fn: (...args: unknown[]) => unknown;
  /** Name of the function in messages. */
  readonly label: string;
  /** A later one has a larger number. */
  readonly number = ++count;
  /** Set when its store is opened. */
  peers: Peers | undefined;
  readonly #site: CallSite | undefined;
  #source: Source | undefined;

  /** @param site Where it was wrapped. */
  constructor(
    fn: (...args: unknown[]) => unknown,
    label: string,
    site: CallSite | undefined,
  ) {
    this.fn = fn;
    this.label = label;
    this.#site = site;
  }

  /** Its source, read on first use. */
  get source(): Source {
    return this.#source ??= sourceOfFunction(this.fn);
  }

  /** True if another function has the same name and the same source. */
  equals({ fn, source }: WrappedFunction): boolean {
    return this.fn === fn || this.fn.name === fn.name && this.source.hash === source.hash;
  }

  /**
   * True if this function takes the place of an earlier one: of the same name and module, as an edited
   * cell of a notebook or a hot-reloaded module has it. Functions without a name count only where code
   * is known to be evaluated again.
   */
  replaces(other: WrappedFunction): boolean {
    const { label } = this;
    const [site, othersSite] = [this.#site, other.#site];
    return this.number > other.number && label === other.label && site !== undefined &&
      site.module === othersSite?.module && (label !== ANONYMOUS || site.isEvaluated);
  }
}
