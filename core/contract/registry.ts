import { fileURLToPath } from "node:url";
import type {
  Backend,
  BackendLoader,
  BackendModule,
  BackendTable,
  OpenOptions,
} from "./backend.ts";
import { StoreError } from "../errors.ts";
import { shownLocation } from "../runtime/shown_location.ts";

/** Options of everything that opens a store. */
export interface StoreOptions extends OpenOptions {
  /** More kinds of store for this call, by extension: `{ ".foo": () => import("./foo.ts") }`. */
  readonly backends?: BackendTable;
}

/** The kinds of store that are known, by extension or URL scheme. */
export interface Registry {
  /** Opens the store at a path or URL. */
  open(location: string | URL, options?: StoreOptions): Promise<Backend>;
  /** @throws {StoreError} If there is no kind of store for the location. Nothing is loaded. */
  check(location: string | URL, backends?: BackendTable): void;
  /** Loads the code of the kind of store that a location names. */
  load(location: string | URL, backends?: BackendTable): Promise<BackendModule>;
  /** Adds a kind of store, or takes the place of one. */
  register(extension: string, loader: BackendLoader): void;
}

/** A registry that knows the kinds of store in a table. */
export function createRegistry(builtIn: BackendTable): Registry {
  const known = new Map(Object.entries(builtIn));

  function loaderOf(location: string, table: ReadonlyMap<string, BackendLoader>): BackendLoader {
    const name = location.toLowerCase();
    const exact = table.get(name);
    if (exact) return exact;
    const scheme = schemeOf(name);
    const byScheme = table.get(scheme ?? "");
    if (byScheme) return byScheme;
    // The longest first, so that ".tar.foo" comes before ".foo".
    const extensions = [...table.keys()].filter((key) => key.startsWith("."));
    const found = extensions.filter((extension) => name.endsWith(extension))
      .sort((a, b) => b.length - a.length)[0];
    const loader = found === undefined ? undefined : table.get(found);
    if (loader) return loader;
    const schemes = [...table.keys()].filter((key) => /^[a-z].*:$/.test(key)).map((key) =>
      `${key}//`
    );
    throw new StoreError(
      `Cannot open store "${shownLocation(location)}": ${
        scheme === undefined
          ? `its extension must be one of ${extensions.join(", ")}`
          : `no kind of store has the scheme "${scheme}//"; use a file, or one of ${
            schemes.join(", ")
          }`
      }`,
    );
  }

  function find(location: string | URL, backends: BackendTable = {}): BackendLoader {
    const table = new Map(known);
    for (const [extension, loader] of Object.entries(backends)) {
      table.set(checkExtension(extension), loader);
    }
    return loaderOf(locationText(location), table);
  }

  return {
    async open(location, { backends, ...options } = {}): Promise<Backend> {
      return (await find(location, backends)()).open(locationText(location), options);
    },
    check: (location, backends) => void find(location, backends),
    load: async (location, backends) => await find(location, backends)(),
    register: (extension, loader) => void known.set(checkExtension(extension), loader),
  };
}

/** The scheme of a URL, as SQLAlchemy's too have one: `sqlite:` for `sqlite+pysqlite:///a.db`. */
function schemeOf(location: string): string | undefined {
  const scheme = /^([a-z][a-z0-9]*)(?:\+\w+)?:\/\//.exec(location)?.[1];
  return scheme === "postgres" ? "postgresql:" : scheme && `${scheme}:`;
}

/** A location as text; `file:` URLs become paths. */
export function locationText(location: string | URL): string {
  const text = String(location);
  if (text === "") {
    throw new StoreError(`Cannot open a store without a name: give a path such as "runs.csv"`);
  }
  return /^file:/i.test(text) ? fileURLToPath(text) : text;
}

function checkExtension(extension: string): string {
  if (/^\.[^./\\]/.test(extension)) return extension.toLowerCase();
  throw new TypeError(
    `Cannot register backend "${extension}": an extension must begin with a dot, as in ".foo"`,
  );
}
