/** The part of Preact and htm that the page uses. @module */

/** A node of the virtual document. */
export type VNode = object | string | number | boolean | null | undefined | readonly VNode[];

/** Returns the nodes of a template. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): VNode;
/** Draws nodes into an element; draws again only what differs. */
export function render(node: VNode, into: object): void;

/** A state of a component, and the function that changes it. */
export function useState<T>(
  initial: T | (() => T),
): [T, (next: T | ((previous: T) => T)) => void];
/** A mutable cell that lasts as long as the component. */
export function useRef<T>(initial: T): { current: T };
/** Runs after the component was drawn, when a dependency changed. */
export function useEffect(run: () => void | (() => void), dependencies?: readonly unknown[]): void;
/** Like `useEffect`, before the browser paints. */
export function useLayoutEffect(
  run: () => void | (() => void),
  dependencies?: readonly unknown[],
): void;
/** A value that is computed again when a dependency changed. */
export function useMemo<T>(compute: () => T, dependencies: readonly unknown[]): T;
