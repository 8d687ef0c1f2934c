import { shellText } from "./shell_text.ts";
import { shownLocation, withoutSecrets } from "./shown_location.ts";

/**
 * Returns a command as a shell reads it, without the secrets of its URLs. Where the URL of a database had a password,
 * an assignment in front says how to give it: `PGPASSWORD=… stet ls postgres://user@host/database`.
 */
export function shownCommand(words: readonly string[]): string {
  let hasPassword = false;
  const shown = words.map((word) => {
    const [, option = "", url] = /^(--[\w-]+=)?([a-z][a-z0-9+.-]*:\/\/.*)$/is.exec(word) ?? [];
    if (url === undefined) return withoutSecrets(word);
    const location = shownLocation(url);
    hasPassword ||= location !== url && /^postgres/i.test(url);
    return option + location;
  });
  return (hasPassword ? "PGPASSWORD=… " : "") + shellText(shown);
}
