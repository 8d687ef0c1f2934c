/** A program that remembers finished runs. */
export interface Contender {
  readonly name: string;
  readonly language: "js" | "python";
  /** The packages that it needs, in its language's registry. */
  readonly packages: readonly string[];
  /** The effect of a record before its call returns. */
  readonly durability: string;
  /** True if it is of this project. */
  readonly isOurs?: true;
}

/** The contenders, by the name that the workers know. */
export const contenders: Readonly<Record<string, Contender>> = {
  "stet-csv": {
    name: "stet, CSV",
    language: "js",
    packages: [],
    durability: "fsync of the row",
    isOurs: true,
  },
  "stet-sqlite": {
    name: "stet, SQLite",
    language: "js",
    packages: [],
    durability: "fsync of the transaction",
    isOurs: true,
  },
  "node-sqlite": {
    name: "node:sqlite by hand",
    language: "js",
    packages: [],
    durability: "fsync of the transaction (WAL, synchronous=FULL)",
  },
  "cacache": {
    name: "cacache",
    language: "js",
    packages: ["cacache@21.0.2"],
    durability: "no fsync",
  },
  "joblib": {
    name: "joblib.Memory",
    language: "python",
    packages: ["joblib"],
    durability: "no fsync",
  },
  "diskcache": {
    name: "diskcache",
    language: "python",
    packages: ["diskcache"],
    durability: "no fsync of each transaction (WAL, synchronous=NORMAL)",
  },
  "python-stet": {
    name: "Python's stet, CSV",
    language: "python",
    packages: ["stet==0.0.2"],
    durability: "no fsync; keeps no result",
  },
  "entropic": {
    name: "entropic",
    language: "python",
    packages: ["entropic==2.3.0", "SQLAlchemy==2.1.9"],
    durability: "fsync of the transaction; the result file has none",
  },
  "stet-csv-process": {
    name: 'stet, CSV, "process"',
    language: "js",
    packages: [],
    durability: "no fsync",
    isOurs: true,
  },
  "keyv": {
    name: "keyv with SQLite",
    language: "js",
    packages: ["keyv@5.6.0", "@keyv/sqlite@4.0.8"],
    durability: "as SQLite's defaults: fsync of the transaction",
  },
};
