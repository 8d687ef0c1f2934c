/** What is used of `playwright-core`, in types of our own: who has no browser need not install it. */
export interface Playwright {
  readonly chromium: {
    launch(options: object): Promise<Browser>;
  };
}

/** A browser. */
export interface Browser {
  newContext(options: object): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** Windows that share cookies and storage, and no others. */
export interface BrowserContext {
  newPage(): Promise<Page>;
  on(event: "request", listener: (request: { url(): string }) => void): void;
  close(): Promise<void>;
}

/** A window. */
export interface Page {
  readonly keyboard: { press(key: string): Promise<void> };
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  url(): string;
  locator(selector: string, options?: { readonly hasText?: string }): Locator;
  evaluate(script: string): Promise<unknown>;
  screenshot(options: { readonly path: string; readonly fullPage: boolean }): Promise<unknown>;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  on(event: "pageerror", listener: (error: Error) => void): void;
}

/** Elements of a page. */
export interface Locator {
  allTextContents(): Promise<string[]>;
  textContent(): Promise<string | null>;
  inputValue(): Promise<string>;
  count(): Promise<number>;
  first(): Locator;
  locator(selector: string): Locator;
  focus(): Promise<void>;
  click(): Promise<void>;
  press(key: string): Promise<void>;
  fill(text: string): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  isVisible(): Promise<boolean>;
  isHidden(): Promise<boolean>;
  isDisabled(): Promise<boolean>;
  evaluateAll<T>(read: (elements: unknown) => T): Promise<T>;
}

const PACKAGE = "playwright-core"; // a literal would be looked for when types are checked

/** Playwright; undefined if it is not installed. */
export async function loadPlaywright(): Promise<Playwright | undefined> {
  try {
    return await import(PACKAGE) as Playwright;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
