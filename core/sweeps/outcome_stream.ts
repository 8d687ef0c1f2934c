import { ConditionVariable } from "../runtime/condition_variable.ts";
import type { Outcome } from "../runs/once_types.ts";

/** Maximum number of buffered outcomes. The sweep looks up no more keys while the buffer is full. */
const MAX_BUFFERED = 64;

/** The sweep that fills a stream. */
export interface Producer {
  /** Begins the sweep. Its promise settles when the sweep has ended. */
  begin(): Promise<unknown>;
  /** Goes on after the buffer was full. */
  resume(): void;
  /** Begins no more runs: the consumer has left. */
  stop(): void;
  /** The consumer has all outcomes, or has left. */
  leave(): void;
}

/** The outcomes of a sweep, for one consumer, with backpressure. */
export class OutcomeStream {
  readonly #producer: Producer;
  readonly #buffer: Outcome<unknown>[] = [];
  readonly #added = new ConditionVariable();
  /** True once there has been a consumer. */
  isIterated = false;
  /** True while there is a consumer. */
  isOpen = false;

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  /** True while the consumer is too slow. */
  get isFull(): boolean {
    return this.isOpen && this.#buffer.length >= MAX_BUFFERED;
  }

  /** Adds an outcome if there is a consumer. */
  push(outcome: Outcome<unknown>): void {
    if (!this.isOpen) return;
    this.#buffer.push(outcome);
    this.#added.notifyAll();
  }

  /**
   * Begins the sweep and returns its outcomes.
   *
   * @throws {TypeError} If there was a consumer before.
   */
  iterate(): AsyncIterator<Outcome<unknown>> {
    if (this.isIterated) {
      throw new TypeError(
        "Cannot iterate over a sweep twice: begin another one, it skips what is done",
      );
    }
    this.isIterated = this.isOpen = true;
    const producer = this.#producer;
    const buffer = this.#buffer;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.#added.notifyAll();
    };
    const begun = producer.begin();
    begun.then(end, end);
    return {
      next: async () => {
        while (buffer.length === 0 && !isOver) await this.#added.wait();
        const outcome = buffer.shift();
        if (outcome) {
          if (buffer.length === MAX_BUFFERED / 2) producer.resume();
          return { done: false, value: outcome };
        }
        producer.leave();
        await begun; // rejects with the error that broke it
        return { done: true, value: undefined };
      },
      return: async () => {
        this.isOpen = false;
        producer.stop();
        await begun;
        producer.leave();
        return { done: true, value: undefined };
      },
    };
  }
}
