/**
 * Checks that an id can be a part of a file name, so that nothing is written outside the folder.
 *
 * @throws {TypeError} If not.
 */
export function checkId(id: string): void {
  const isName = !/[/\\\p{Cc}\p{Cs}]/u.test(id) && id !== "." && id !== "..";
  if (isName && !/\.partial(?:-[0-9a-f]{8})?$/.test(id)) return;
  throw new TypeError(
    `Cannot use ${JSON.stringify(id)} as an id: it becomes the name of a file, so it must not be ` +
      `"." or "..", hold "/", "\\" or control characters, or end with ".partial"`,
  );
}
