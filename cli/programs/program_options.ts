import { messageOf } from "../../core/errors.ts";
import { oneOf, option } from "../options.ts";
import { UsageError } from "../usage_error.ts";

/** Option that says where the results of programs are. */
export const resultOption = option(
  { value: "file|pattern", read },
  `where the result is: a file with JSON (results/{seed}.json), or a pattern, whose last match in a
   line of output it is ('loss: (\\S+)'; named groups make an object). Default: the last JSON value of
   standard output`,
);

/** Option that says if rows of other arguments or another program count. */
export const onChangeOption = option(
  oneOf("what", ["ignore", "rerun"]),
  `rows that other arguments or another program made: ignore the difference, or rerun them (default: those
   of other arguments count after a note, another program is an error)`,
);

function read(text: string, flag: string): string | RegExp {
  if (/\.json$/i.test(text)) return text;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(
      `${flag} must be a file (its name ends in .json) or a pattern: ${messageOf(error)}`,
    );
  }
}
