import { loadArrow } from "../../packages/apache_arrow.ts";
import { loadDuckDb } from "../../duckdb/duckdb.ts";

async function whyNot(load: () => Promise<unknown>): Promise<string | false> {
  try {
    await load();
    return false;
  } catch (error) {
    return String(error);
  }
}

const [duckdb, arrow] = await Promise.all([whyNot(loadDuckDb), whyNot(loadArrow)]);

/** Why tests of a columnar format cannot be run, by extension; false if they can. */
export const columnarSkips: Readonly<Record<string, string | false>> = {
  ".parquet": duckdb,
  ".arrow": arrow,
  ".arrows": arrow,
};
