import { createHash } from "node:crypto";
import type { Engine } from "../../core/contract/engine.ts";
import { messageOf } from "../../core/errors.ts";
import { factsMark, storeFacts } from "../../figures/data/store_facts.ts";
import { noFacts, type ViewFacts } from "../../figures/data/view_facts.ts";
import type { Reading } from "./follower.ts";
import { MAX_SILENCE_MS, silenceOf } from "./silence.ts";

/** The copy of a store's rows. */
interface Copied {
  readonly instance: string;
  readonly generation: number;
  readonly count: number;
  readonly reading: Reading | null;
  readonly silence: number;
}

/** The facts of a store besides its rows, as they were read last. */
export class KnownFacts {
  readonly #engine: Engine;
  readonly #store: string;
  readonly #now: () => number;
  #facts = noFacts();
  /** True while the store does not answer. */
  #isSilent = false;

  /** @param store The store as its user named it. */
  constructor(engine: Engine, store: string, now: () => number) {
    this.#engine = engine;
    this.#store = store;
    this.#now = now;
  }

  /**
   * Reads them. Of a store that cannot be read, or does not answer, the facts before are kept, with the
   * reason.
   */
  async read(): Promise<void> {
    if (this.#isSilent) return; // the read before it still waits
    const reading = storeFacts(this.#engine, this.#store, this.#now()).then(
      (facts) => void (this.#facts = facts),
      (error) => void (this.#facts = { ...this.#facts, problem: messageOf(error) }),
    );
    let timer: ReturnType<typeof setTimeout>;
    const silence = new Promise<true>((resolve) => {
      timer = setTimeout(() => resolve(true), MAX_SILENCE_MS);
    });
    if (await Promise.race([reading, silence])) {
      this.#isSilent = true;
      void reading.then(() => this.#isSilent = false);
    }
    clearTimeout(timer!);
  }

  /**
   * Returns them with the state of the copy of rows.
   *
   * @param problem Why the rows could not be read.
   */
  of(copied: Copied, problem: string | undefined): ViewFacts {
    const silence = this.#isSilent || copied.silence > MAX_SILENCE_MS
      ? silenceOf(this.#store)
      : null;
    const facts = { ...this.#facts, problem: problem ?? this.#facts.problem ?? silence };
    const hash = createHash("sha256")
      .update(`${copied.instance} ${copied.generation} ${copied.count} ${factsMark(facts)}`)
      .update(facts.problem ?? "");
    const mark = hash.digest("base64url").slice(0, 16);
    return { ...facts, mark, reading: copied.reading, now: this.#now() };
  }
}
