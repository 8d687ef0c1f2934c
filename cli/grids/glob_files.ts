import fs from "node:fs";

/** Maximum number of characters of a pattern: no path of any system is longer. */
const MAX_PATTERN = 32_767;
/** Maximum number of names in a pattern. */
const MAX_NAMES = 256;

/**
 * Returns the paths that match a pattern, sorted by their characters, the same on all runtimes: `*` is any
 * characters of a name, `?` one, `[a-c]` one of several, and `**` any folders. As in a shell, names that begin
 * with a dot match only a dot.
 */
export function globFiles(pattern: string): string[] {
  const [, root = "", rest = ""] = /^(\/*)(.*)$/s.exec(pattern)!;
  const found = new Set<string>();
  const names = rest.split("/").filter((name) => name !== "");
  // Links make folders endless: a pattern of very many names would be walked for ever.
  if (pattern.length > MAX_PATTERN || names.length > MAX_NAMES) return [];
  walk(root, names, found);
  return [...found].sort();
}

/** Adds the paths within a folder that match the rest of a pattern. */
function walk(folder: string, [name, ...rest]: readonly string[], found: Set<string>): void {
  if (name === undefined) {
    if (fs.existsSync(folder)) found.add(folder);
    return;
  }
  const within = folder === "" || folder.endsWith("/") ? folder : `${folder}/`;
  if (!/[*?[]/.test(name)) return walk(within + name, rest, found);
  const isDeep = name === "**";
  if (isDeep) walk(folder, rest, found);
  const matches = isDeep ? /^[^.]/ : matcher(name);
  for (const entry of entriesOf(folder || ".")) {
    if (!matches.test(entry.name)) continue;
    const path = within + entry.name;
    // A folder that a link leads to may be the one that is walked.
    if (isDeep) { if (entry.isDirectory()) walk(path, [name, ...rest], found); }
    else if (rest.length === 0) found.add(path);
    else if (entry.isDirectory() || entry.isSymbolicLink()) walk(path, rest, found);
  }
}

function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

function matcher(name: string): RegExp {
  const source = name.replace(/\*+|\?|\[[!^]?\]?[^\]]*\]|[^]/gu, (piece) => {
    if (piece.startsWith("*")) return ".*";
    if (piece === "?") return ".";
    if (piece.length === 1 || !piece.startsWith("[")) return escaped(piece);
    const [, not, members] = /^\[([!^]?)(.*)\]$/su.exec(piece)!;
    return `[${not === "" ? "" : "^"}${members!.replace(/[\\\]^[&]/g, "\\$&")}]`;
  });
  return new RegExp(`^${/^[*?[]/.test(name) ? "(?!\\.)" : ""}${source}$`, "su");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
