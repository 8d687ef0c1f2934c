const UNFIT = /[\0\p{Cs}]|^"/u;

/** A text as SQLite keeps it on every runtime: as JSON if it has a NUL or a lone surrogate, else itself. */
export function encodeNote(text: string): string {
  return UNFIT.test(text) ? JSON.stringify(text) : text;
}

/** The text that {@linkcode encodeNote} was given. */
export function decodeNote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text; // of a version that kept it as it was
  }
}
