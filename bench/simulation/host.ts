import type { Clock } from "../../backends/postgres/connection/clock.ts";
import type { Timeline } from "./timeline.ts";

/** Time of a packet in one direction, in milliseconds. */
const LATENCY_MS = 0.3;
/** First time-outs after which TCP sends a packet again, and one that connects. Each next one is twice as long. */
const RESEND_MS = 200;
export const RECONNECT_MS = 1_000;

/** A machine with one process, and its network. */
export class Host {
  readonly #timeline: Timeline;
  /** True once its process has ended. */
  isDead = false;
  /** Called when one of its sessions has ended. */
  onSessionEnd = (): void => {};
  #blockedUntil = 0;
  #cutFrom = 0;
  #cutUntil = 0;
  readonly clock: Clock;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.clock = {
      now: () => timeline.now,
      random: () => timeline.random(),
      after: (ms, call) => timeline.at(timeline.now + ms, () => this.run(call)),
      every: (ms, call) => {
        let end: () => void;
        const next = (): void => {
          end = this.clock.after(ms, () => {
            next();
            call();
          });
        };
        next();
        return () => end();
      },
    };
  }

  /** Runs a part of its process: after its event loop is blocked no more, never if it is dead. */
  run(call: () => void): void {
    if (this.isDead) return;
    if (this.#timeline.now >= this.#blockedUntil) call();
    else this.#timeline.at(this.#blockedUntil, () => this.run(call));
  }

  /** Blocks the event loop. */
  block(ms: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, this.#timeline.now + ms);
  }

  /** True while its event loop is blocked. */
  get isBlocked(): boolean {
    return this.#timeline.now < this.#blockedUntil;
  }

  /** Cuts it off from the network. Packets are sent again afterwards. */
  cut(ms: number): void {
    if (!this.isCut) this.#cutFrom = this.#timeline.now;
    this.#cutUntil = Math.max(this.#cutUntil, this.#timeline.now + ms);
  }

  get isCut(): boolean {
    return this.#timeline.now < this.#cutUntil;
  }

  /** True if it has been cut off since a time without a pause. */
  wasCutSince(time: number): boolean {
    return this.isCut && this.#cutFrom <= time;
  }

  /** Carries a packet in one direction, sent again by TCP while the network is cut. */
  carry(call: () => void, resendMs = RESEND_MS, sent = this.#timeline.now): void {
    this.#timeline.at(this.#timeline.now + LATENCY_MS, () => {
      if (!this.isCut) return call();
      if (this.#cutUntil === Infinity) return;
      let again = sent + resendMs;
      for (let pause = 2 * resendMs; again < this.#cutUntil; pause *= 2) again += pause;
      this.#timeline.at(again, () => this.carry(call, resendMs, sent));
    });
  }

  /** Carries a packet that is not sent again. */
  carryOnce(call: () => void): void {
    this.#timeline.at(this.#timeline.now + LATENCY_MS, () => {
      if (!this.isCut) call();
    });
  }
}
