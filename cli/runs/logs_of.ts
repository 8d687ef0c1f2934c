/** Returns the folder with the output of a store's programs; undefined if the store is no file. */
export function logsOf(location: string): string | undefined {
  return location === ":memory:" || location.includes("://") ? undefined : `${location}-logs`;
}
