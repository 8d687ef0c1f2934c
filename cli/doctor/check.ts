/** A finding of `stet doctor`. */
export interface Check {
  /** Name of the part that was looked at. */
  readonly name: string;
  /** The finding, and the remedy where one is needed. */
  readonly text: string;
  /** False if something must be mended before runs can be recorded. */
  readonly ok: boolean;
}
