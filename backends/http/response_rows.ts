import type { WireRow } from "../../core/contract/wire.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import { decodeJsonRow } from "../../core/values/json_row.ts";
import { isPlainObject, type Row } from "../../core/values/value.ts";

/** Returns the rows of a response in JSON Lines. Its connection is closed also if none is read. */
export function responseRows(response: Response, location: string): AsyncGenerator<Row> {
  const rows = read(response, location);
  const end = rows.return.bind(rows);
  rows.return = async (value) => {
    await response.body?.cancel().catch(() => {}); // it is being read: its reader cancels it
    return await end(value);
  };
  return rows;
}

async function* read({ body }: Response, location: string): AsyncGenerator<Row> {
  try {
    for await (const line of linesOf(body ?? [])) {
      const row = parseJson(line);
      if (!isPlainObject(row)) throw new SyntaxError(`a line is no row: ${line.slice(0, 80)}`);
      yield decodeJsonRow(row as WireRow);
    }
  } catch (error) {
    throw new StoreError(
      `Cannot read store "${location}" to its end: ${messageOf(error)}; read it again`,
      { cause: error },
    );
  }
}

/** Returns the lines of a text in UTF-8 as its bytes arrive, without empty ones. */
async function* linesOf(bytes: AsyncIterable<Uint8Array> | []): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  for await (const chunk of bytes) {
    // Only the new text is searched: a long line comes in many chunks.
    const [end, ...lines] = decoder.decode(chunk, { stream: true }).split("\n");
    rest += end;
    for (const line of lines) {
      if (rest !== "") yield rest;
      rest = line;
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
