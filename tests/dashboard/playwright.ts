/** The part of `playwright-core` that tests use, in types of our own: it is not installed without a browser. */
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
  on(
    event: "request" | "requestfinished" | "requestfailed",
    listener: (request: Request) => void,
  ): void;
  close(): Promise<void>;
}

/** A request of a window. */
export interface Request {
  url(): string;
}

/** A request that waits for the test. */
export interface Route {
  request(): Request;
  continue(): Promise<void>;
  abort(): Promise<void>;
  fulfill(answer: { readonly status: number; readonly body: string }): Promise<void>;
}

/** A file that a window saved. */
export interface Download {
  suggestedFilename(): string;
  path(): Promise<string>;
}

/** A window. */
export interface Page {
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  readonly mouse: {
    move(x: number, y: number): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
  readonly clock: { install(): Promise<void>; fastForward(milliseconds: number): Promise<void> };
  context(): BrowserContext;
  goto(url: string): Promise<unknown>;
  goBack(): Promise<unknown>;
  goForward(): Promise<unknown>;
  reload(): Promise<unknown>;
  url(): string;
  close(): Promise<void>;
  locator(selector: string, options?: { readonly hasText?: string }): Locator;
  evaluate(script: string): Promise<unknown>;
  emulateMedia(media: { readonly colorScheme: "light" | "dark" }): Promise<void>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  route(url: string, handler: (route: Route) => Promise<void>): Promise<void>;
  screenshot(options: { readonly path: string; readonly fullPage: boolean }): Promise<unknown>;
  waitForEvent(event: "download"): Promise<Download>;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  on(event: "request", listener: (request: Request) => void): void;
  on(event: "close", listener: () => void): void;
  on(event: "pageerror", listener: (error: Error) => void): void;
}

/** Elements of a page. */
export interface Locator {
  allTextContents(): Promise<string[]>;
  textContent(): Promise<string | null>;
  getAttribute(name: string): Promise<string | null>;
  inputValue(): Promise<string>;
  count(): Promise<number>;
  first(): Locator;
  nth(index: number): Locator;
  locator(selector: string, options?: { readonly hasText?: string }): Locator;
  focus(): Promise<void>;
  click(): Promise<void>;
  press(key: string): Promise<void>;
  fill(text: string): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  scrollIntoViewIfNeeded(): Promise<void>;
  boundingBox(): Promise<{ x: number; y: number; width: number; height: number } | null>;
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
