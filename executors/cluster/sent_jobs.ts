import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import type { Fingerprint } from "../../core/keys/fingerprint.ts";
import { fingerprintAt, KEY_LENGTH } from "./chunk.ts";
import type { JobQueue } from "./job_queue.ts";

/**
 * The jobs that waited, or were active, when a coordinator began: those of its earlier life, or of others. Their
 * runs are not sent again.
 */
export class SentJobs {
  readonly #keys = new FingerprintSet();
  readonly #ids: string[] = [];
  /** Number of the job of each key, in the order of the keys. */
  #jobOf = new Uint32Array(1024);

  /** Reads the jobs of a queue. */
  static async read(queue: JobQueue): Promise<SentJobs> {
    const sent = new SentJobs();
    for await (const { id, keys } of queue.waiting()) sent.#add(id, keys);
    return sent;
  }

  /** Returns the id of the job that has a run, or undefined. */
  jobOf(fingerprint: Fingerprint): string | undefined {
    const number = this.#keys.numberOf(fingerprint);
    return number === -1 ? undefined : this.#ids[this.#jobOf[number]!];
  }

  #add(id: string, keys: string): void {
    for (let i = 0; i < keys.length / KEY_LENGTH; i++) {
      const { size } = this.#keys;
      if (this.#keys.add(fingerprintAt(keys, i) as Fingerprint) !== size) continue;
      if (size === this.#jobOf.length) {
        const longer = new Uint32Array(2 * size);
        longer.set(this.#jobOf);
        this.#jobOf = longer;
      }
      this.#jobOf[size] = this.#ids.length;
    }
    this.#ids.push(id);
  }
}
