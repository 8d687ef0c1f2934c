import { oneOf, option } from "../options.ts";

/** Option that says if rows of other arguments or another program count. */
export const onChangeOption = option(
  oneOf("what", ["ignore", "rerun"]),
  `rows that other arguments or another program made: ignore the difference, or rerun them (default: those
   of other arguments count after a note, another program is an error)`,
);
