import { arrowFile, arrowStream } from "../../backends/arrow/arrow.ts";
import type { ColumnarFormat } from "../../backends/columnar/columnar_format.ts";
import { parquet } from "../../backends/parquet/parquet.ts";

/** The columnar formats, by extension. */
export const formats: Readonly<Record<string, ColumnarFormat>> = {
  ".parquet": parquet,
  ".arrow": arrowFile,
  ".arrows": arrowStream,
};
