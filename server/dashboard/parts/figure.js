import { saveDrawing, savePicture } from "../download.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../preact.js";
import { axisRanges, prepareAxes } from "./axis_range.js";
import { Menu } from "./menu.js";

const MARKS = "[data-where], [data-i], [data-axis]";

/** @typedef {{ where: string | undefined, i: number | undefined }} Mark */

/**
 * A section with a drawing. Its marks are one tab stop: arrows move between them, Enter chooses. The focus
 * stays on its mark when the drawing changes.
 *
 * @param {{
 *   title: string,
 *   name: string,
 *   draw: (width: number) => string,
 *   data: unknown,
 *   onChoose?: ((mark: Mark) => void) | undefined,
 *   brushes?: import("./axis_range.js").Brushes | undefined,
 *   controls?: import("../vendor/preact.d.ts").VNode,
 *   note?: import("../vendor/preact.d.ts").VNode,
 *   kind?: string,
 *   level?: 2 | 3,
 * }} props `data` and the width decide whether it is drawn again; `name` is that of a downloaded file.
 */
export function Figure(
  { title, name, draw, data, onChoose, brushes, controls, note, kind = "", level = 2 },
) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(0);
  const active = useRef("");
  const [tip, setTip] = useState(
    /** @type {{ text: string, x: number, y: number } | null} */ (null),
  );
  const svg = useMemo(() => {
    if (width === 0) return "";
    try {
      return draw(width);
    } catch (error) {
      reportError(error); // the other figures are drawn
      return "<p>This figure cannot be drawn.</p>";
    }
  }, [data, width]);
  const hadFocus = box.current?.contains(document.activeElement) ?? false;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    watcher.observe(element);
    setWidth(Math.floor(element.clientWidth));
    return () => watcher.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (brushes) prepareAxes(box.current, brushes);
    const marks = marksIn(box.current);
    const first = marks.find((mark) => mark.getAttribute("tabindex") === "0") ?? marks[0];
    for (const mark of marks) {
      const own = mark.querySelector(":scope > title");
      if (own) {
        own.remove(); // the browser would show it as well
        const text = own.textContent ?? "";
        mark.dataset["tip"] = text;
        // The name of a mark contains its visible text.
        const isName = text.includes(mark.textContent ?? "");
        mark.setAttribute(isName ? "aria-label" : "aria-description", text);
      }
      mark.setAttribute("tabindex", "-1");
    }
    const current = marks.find((mark) => keyOf(mark) === active.current) ?? first;
    current?.setAttribute("tabindex", "0");
    if (hadFocus && current && !box.current?.contains(document.activeElement)) current.focus();
  }, [svg]);

  useEffect(() => setTip(null), [svg]);

  const ranges = useMemo(() => brushes && axisRanges(brushes, point), [data]);

  /** @param {Element | null} mark @param {string | null} [given] */
  function point(mark, given) {
    const element = box.current;
    const text = given ??
      (mark instanceof SVGElement || mark instanceof HTMLElement
        ? mark.dataset["tip"] ?? mark.getAttribute("aria-label") ?? ""
        : "");
    if (!mark || !element || text === "" || given === null) return setTip(null);
    const outer = element.getBoundingClientRect();
    const inner = mark.getBoundingClientRect();
    setTip({ text, x: inner.left + inner.width / 2 - outer.left, y: inner.top - outer.top });
  }

  /** @param {Event} event @returns {SVGElement | HTMLElement | null} */
  function markOf(event) {
    return event.target instanceof Element ? event.target.closest(MARKS) : null;
  }

  /** @param {SVGElement | HTMLElement} mark */
  function choose(mark) {
    const { where, i } = mark.dataset;
    onChoose?.({ where, i: i === undefined ? undefined : Number(i) });
  }

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const mark = markOf(event);
    if (!mark || ranges?.onKey(event)) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      return choose(mark);
    }
    const next = neighbour(marksIn(box.current), mark, event.key);
    if (!next) return;
    event.preventDefault();
    mark.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    active.current = keyOf(next);
    next.focus();
  }

  // Small drawings say their names themselves.
  const heading = level === 2 ? html`<h2>${title}</h2>` : html`<h3 class="unseen">${title}</h3>`;
  return html`
    <section class=${`figure ${kind}`} aria-label=${title}>
      <div class="head">
        ${heading}
        ${controls && html`<div class="pickers">${controls}</div>`}
        <${Menu} label=${`Download the figure ${title}`} symbol="⤓">
          <button type="button" onClick=${() => saveDrawing(box.current, name)}>SVG</button>
          <button type="button" onClick=${() => savePicture(box.current, name)}>PNG</button>
        <//>
      </div>
      <div class="drawing-box">
        <div class=${`drawing${onChoose ? " active" : ""}`} ref=${box} dangerouslySetInnerHTML=${{
          __html: svg,
        }}
          onKeyDown=${onKeyDown} onPointerDown=${ranges?.onDrag} onDblClick=${ranges?.onClear}
          onClick=${(/** @type {Event} */ event) => {
            const mark = markOf(event);
            if (mark) choose(mark);
          }}
          onMouseOver=${(/** @type {Event} */ event) => point(markOf(event))} onMouseLeave=${() =>
            setTip(null)}
          onfocusin=${(/** @type {Event} */ event) => {
            const mark = markOf(event);
            if (mark) active.current = keyOf(mark);
            point(mark);
          }} onfocusout=${() => {
            ranges?.onLeave();
            setTip(null);
          }}></div>
        ${tip && html`
          <div class="tip" aria-hidden="true" style=${`left:${
            Math.min(Math.max(tip.x, 80), Math.max(width - 80, 80))
          }px;top:${tip.y}px`}>${tip.text}</div>
        `}
      </div>
      ${note && html`<p class="note">${note}</p>`}
    </section>
  `;
}

/** @param {Element | null} box @returns {SVGElement[]} */
function marksIn(box) {
  return /** @type {SVGElement[]} */ ([...box?.querySelectorAll(MARKS) ?? []]);
}

/** @param {SVGElement | HTMLElement} mark @returns {string} */
function keyOf({ dataset }) {
  return `${dataset["where"]} ${dataset["i"]} ${dataset["axis"]}`;
}

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Returns the mark that a key leads to: the nearest one in the direction of an arrow, the first or the last.
 *
 * @param {readonly SVGElement[]} marks
 * @param {SVGElement | HTMLElement} from
 * @param {string} key
 * @returns {SVGElement | undefined}
 */
function neighbour(marks, from, key) {
  if (key === "Home") return marks[0];
  if (key === "End") return marks.at(-1);
  const direction = DIRECTIONS[key];
  if (!direction) return undefined;
  const [dx, dy] = direction;
  const [x, y] = centre(from);
  let best;
  let least = Infinity;
  for (const mark of marks) {
    if (mark === from) continue;
    const [left, top] = centre(mark);
    const along = (left - x) * dx + (top - y) * dy;
    const across = Math.abs((left - x) * dy) + Math.abs((top - y) * dx);
    if (along < 1) continue;
    const distance = along + 4 * across;
    if (distance < least) [least, best] = [distance, mark];
  }
  if (best) return best;
  // Nothing lies there: the next or the previous one.
  const index = marks.findIndex((mark) => mark === from);
  return marks[index + (dx + dy)];
}

/** @param {Element} mark @returns {[number, number]} */
function centre(mark) {
  const { left, top, width, height } = mark.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}
