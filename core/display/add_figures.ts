/** What a notebook shows of an object, by media type. */
type Shown = Record<string, string>;

const DISPLAY = Symbol.for("Jupyter.display");

/**
 * Adds figures below what notebooks show of an object, and returns it. An error while they are made is shown in
 * their place.
 *
 * @param figuresOf Makes the figures as HTML when the object is shown.
 */
export function addFigures<T extends object>(shown: T, figuresOf: () => Promise<string>): T {
  const before = (shown as { [display: symbol]: (() => Shown) | undefined })[DISPLAY];
  const value = async function (this: T): Promise<Shown> {
    const { "text/html": html = "", ...others } = before?.call(this) ?? {};
    return { ...others, "text/html": html + await figuresOf().catch(errorHtml) };
  };
  Object.defineProperty(shown, DISPLAY, { value, configurable: true });
  return shown;
}

/** Lets notebooks show an object as another one, and returns it. */
export function shownAs<T extends object>(shown: T, other: object): T {
  const value = (): Shown | Promise<Shown> =>
    (other as { [display: symbol]: () => Shown | Promise<Shown> })[DISPLAY]!();
  return Object.defineProperty(shown, DISPLAY, { value, configurable: true });
}

function errorHtml(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `<p>${text.replace(/&/g, "&amp;").replace(/</g, "&lt;")}</p>`;
}
