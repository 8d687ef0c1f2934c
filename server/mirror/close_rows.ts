/** Closes rows that are not read, or not to their end: a file may be open for them, or a connection. */
export async function closeRows(rows: object): Promise<void> {
  await (rows as { return?(): unknown }).return?.();
}
