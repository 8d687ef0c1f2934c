import { StoreError } from "../../core/errors.ts";

/**
 * Returns the path in an SQLAlchemy URL of SQLite: `sqlite:///db.sqlite3` is relative to the working directory,
 * `sqlite:////data/db.sqlite3` absolute. Undefined for `sqlite://` and `sqlite:///:memory:`, a database in
 * memory. Any other text is a path already.
 * Source: https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite
 *
 * @throws {StoreError} If the URL has a host or options.
 */
export function sqlitePath(location: string): string | undefined {
  const rest = /^sqlite(?:\+\w+)?:\/\/(.*)$/is.exec(location)?.[1];
  if (rest === undefined) return location;
  if (rest === "" || rest === "/" || rest === "/:memory:") return undefined;
  if (rest.startsWith("/") && !rest.includes("?")) return rest.slice(1);
  throw new StoreError(
    `Cannot open store "${location}": an SQLite URL is sqlite:///relative/path, ` +
      `sqlite:////absolute/path or sqlite://, without a host and without options after "?"`,
  );
}
