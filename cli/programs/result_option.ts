import { messageOf } from "../../core/errors.ts";
import { option } from "../options.ts";
import { UsageError } from "../usage_error.ts";

/** Option that says where the results of programs are. */
export const resultOption = option(
  { value: "file|pattern", read },
  `where the result is: a file with JSON (results/{seed}.json), or a pattern, whose last match in a
   line of output it is ('loss: (\\S+)'; named groups make an object). Default: the last JSON value of
   standard output`,
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
