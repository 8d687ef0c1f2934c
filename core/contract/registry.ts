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
export class Registry {
  readonly #known: Map<string, BackendLoader>;

  /** @param builtIn The kinds that are known from the beginning. */
  constructor(builtIn: BackendTable) {
    this.#known = new Map(Object.entries(builtIn));
  }

  /** Opens the store at a path or URL. */
  async open(
    location: string | URL,
    { backends, ...options }: StoreOptions = {},
  ): Promise<Backend> {
    return (await this.load(location, backends)).open(locationText(location), options);
  }

  /** @throws {StoreError} If there is no kind of store for the location. Nothing is loaded. */
  check(location: string | URL, backends?: BackendTable): void {
    this.#loaderOf(location, backends);
  }

  /** Loads the code of the kind of store that a location names. */
  async load(location: string | URL, backends?: BackendTable): Promise<BackendModule> {
    return await this.#loaderOf(location, backends)();
  }

  /** Adds a kind of store, or takes the place of one. */
  register(extension: string, loader: BackendLoader): void {
    this.#known.set(checkExtension(extension), loader);
  }

  #loaderOf(location: string | URL, backends: BackendTable = {}): BackendLoader {
    const table = new Map(this.#known);
    for (const [extension, loader] of Object.entries(backends)) {
      table.set(checkExtension(extension), loader);
    }
    const text = locationText(location);
    const name = text.toLowerCase();
    const extensions = [...table.keys()].filter((key) => key.startsWith("."));
    // The longest first, so that ".tar.foo" comes before ".foo".
    const [extension = ""] = extensions.filter((each) => name.endsWith(each))
      .sort((a, b) => b.length - a.length);
    const scheme = schemeOf(name);
    const loader = table.get(name) ?? table.get(scheme) ?? table.get(extension);
    if (loader) return loader;
    const schemes = [...table.keys()].filter((key) => /^[a-z].*:$/.test(key));
    const why = scheme === ""
      ? `its extension must be one of ${extensions.join(", ")}`
      : `stores of "${scheme}" are not supported; use a file, or a URL of ${schemes.join(", ")}`;
    throw new StoreError(`Cannot open store "${shownLocation(text)}": ${why}`);
  }
}

/** The scheme of a URL, as SQLAlchemy's too have one: `sqlite:` for `sqlite+pysqlite:///a.db`; else empty. */
function schemeOf(location: string): string {
  const scheme = /^([a-z][a-z0-9]*)(?:\+\w+)?:\/\//.exec(location)?.[1];
  return scheme === "postgres" ? "postgresql:" : scheme ? `${scheme}:` : "";
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
