import { StoreError } from "../core/errors.ts";

/** An optional package is needed and not installed. */
export class MissingPackageError extends StoreError {
  override name = "MissingPackageError";
}
