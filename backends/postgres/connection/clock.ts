import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";

/** Ends a timer. */
export type EndTimer = () => void;

/** The time, the timers and the chance of connections and leases. The simulation in bench/ has its own. */
export interface Clock {
  /** Returns the time in milliseconds since a fixed moment. */
  now(): number;
  /** Calls a function once, after a time in milliseconds. */
  after(ms: number, call: () => void): EndTimer;
  /** Calls a function every so many milliseconds. Does not keep the process alive. */
  every(ms: number, call: () => void): EndTimer;
  /** Returns a random number from 0 to below 1. */
  random(): number;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  every(ms, call) {
    const timer = setInterval(call, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
  random: () => Math.random(),
};
