import { arrowFile, arrowStream } from "../../backends/arrow.ts";
import type { ColumnarFormat } from "../../backends/columnar_format.ts";
import { parquet } from "../../backends/parquet.ts";

/** The columnar formats, by extension. */
export const formats: Readonly<Record<string, ColumnarFormat>> = {
  ".parquet": parquet,
  ".arrow": arrowFile,
  ".arrows": arrowStream,
};
