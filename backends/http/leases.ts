import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import type { Lease } from "../../core/contract/backend.ts";
import type { LeaseFields, RunFields } from "../../core/contract/wire.ts";
import { LostClaimError, messageOf, StoreError } from "../../core/errors.ts";
import { hostName } from "../files/host_name.ts";
import type { SidecarClient } from "./http_client.ts";

/** The maximum number of renewals or releases under way. */
const MAX_REQUESTS = 16;
/** The maximum time to release all claims, in milliseconds. */
const MAX_CLOSING_MS = 30_000;

/** A claim, as requests name it. */
export type HeldRun = RunFields & { readonly token: string; readonly replaces?: string };

/** The leases of this process at a sidecar. They are renewed until their claims end. */
export class Leases {
  readonly #client: SidecarClient;
  readonly #seconds: number;
  readonly #warn: (message: string) => void;
  readonly #held = new Set<HeldRun>();
  #renewal: ReturnType<typeof setInterval> | undefined;
  #isRenewing = false;

  /** @param seconds The length of a lease. */
  constructor(client: SidecarClient, seconds: number, warn: (message: string) => void) {
    this.#client = client;
    this.#seconds = seconds;
    this.#warn = warn;
  }

  /** Returns the members of a request that ask for a lease: the caller's own, or one of this process. */
  fields(lease?: Lease): Required<LeaseFields> {
    const host = hostName();
    const { holder = `process ${process.pid}${host === "" ? "" : ` on ${host}`}` } = lease ?? {};
    return {
      lease_seconds: lease ? Math.max(lease.until - Date.now(), 1) / 1000 : this.#seconds,
      holder: holder.slice(0, 200),
    };
  }

  /** Renews a lease from now on. */
  retain(held: HeldRun): void {
    this.#held.add(held);
    this.#renewal ??= setInterval(() => void this.#renewAll(), this.#intervalMs).unref();
  }

  /** Renews a lease no more. */
  release(held: HeldRun): void {
    this.#held.delete(held);
  }

  /** Releases all claims. @throws {StoreError} If some could not be: they end with their lease. */
  async close(): Promise<void> {
    const all = [...this.#held];
    this.#held.clear();
    clearInterval(this.#renewal);
    let released = 0;
    const errors = await forEachOf(all, MAX_CLOSING_MS, async (held, patience) => {
      try {
        await this.#client.release(held, patience);
      } catch (error) {
        if (!(error instanceof LostClaimError)) throw error; // a lost one is held no more
      }
      released++;
    });
    const left = all.length - released;
    if (left === 0) return;
    throw new StoreError(
      `Cannot release ${left} of ${all.length} claims on store "${this.#client.location}": ` +
        `${messageOf(errors[0] ?? "there was no time")}; they end by themselves after ` +
        `${this.#seconds} s`,
      { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
    );
  }

  get #intervalMs(): number {
    return this.#seconds * 1000 / 3;
  }

  /**
   * Renews all leases, the ones renewed longest ago first; ends before the next renewal is due. A failure
   * is a warning: the runs continue, and their records say whether the keys were lost.
   */
  async #renewAll(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const errors = await forEachOf([...this.#held], this.#intervalMs, async (held, patience) => {
      if (!this.#held.has(held)) return;
      try {
        await this.#client.renew({ ...held, ...this.fields() }, patience);
        if (this.#held.delete(held)) this.#held.add(held); // to the end
      } catch (error) {
        if (!this.#held.has(held)) return; // it has ended meanwhile
        if (error instanceof LostClaimError) this.release(held);
        throw error;
      }
    });
    this.#isRenewing = false;
    if (errors.length === 0) return;
    const what = errors.length === 1 ? "a claim" : `${errors.length} claims`;
    this.#warn(`[stet] Cannot renew ${what}: ${messageOf(errors[0])}`);
  }
}

/**
 * Runs a request for each claim, some at the same time, and returns the errors. A claim that is not
 * reached within the time, in milliseconds, is left out.
 */
async function forEachOf(
  all: readonly HeldRun[],
  time: number,
  request: (held: HeldRun, patience: number) => Promise<void>,
): Promise<unknown[]> {
  const end = performance.now() + time;
  const errors: unknown[] = [];
  const left = all.values();
  const next = async (): Promise<void> => {
    for (const held of left) {
      const patience = end - performance.now();
      if (patience <= 0) return;
      await request(held, patience).catch((error) => void errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: MAX_REQUESTS }, next));
  return errors;
}
