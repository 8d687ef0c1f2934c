import { option, text } from "../options.ts";

/** Folder of output where the store is no file. */
const LOGS = "stet-logs";

/** Option that names the folder of output. */
export const logsOption = option(
  text("folder"),
  `where the output of programs is (default <store>-logs, or ${LOGS} if the store is a URL)`,
);

/** Returns the default folder for the output of a store's programs. */
export function logsOf(location: string): string {
  return location === ":memory:" || location.includes("://") ? LOGS : `${location}-logs`;
}
