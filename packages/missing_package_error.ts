import { StoreError } from "../core/errors.ts";

/** A package that only some programs need is needed and not installed. */
export class MissingPackageError extends StoreError {
  override name = "MissingPackageError";
}
