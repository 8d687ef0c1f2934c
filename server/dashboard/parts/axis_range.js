/**
 * The choice of a range on an axis of a drawing: by dragging along it, or by arrows.
 *
 * @typedef {import("../brush.js").BrushAxis} BrushAxis
 * @typedef {{ axisAt(index: number): BrushAxis | undefined, choose(axis: BrushAxis, range: string | null): void }} Brushes
 */

/** The least movement of a drag, as a part of the axis. */
const MIN_DRAG = 0.01;
/** The margin of a range around its stops, in pixels. */
const MARGIN = 5;

/** Makes the axes of a drawing sliders. @param {Element | null} box @param {Brushes} brushes */
export function prepareAxes(box, brushes) {
  for (const area of areasIn(box)) {
    const axis = axisOf(area, brushes);
    if (!axis) {
      area.remove();
      continue;
    }
    area.dataset["tip"] = `Drag along ${axis.label} to filter by a range`;
    area.setAttribute("role", "slider");
    area.setAttribute("aria-orientation", "vertical");
    area.setAttribute("aria-label", axis.label);
    area.setAttribute("aria-valuemin", "0");
    area.setAttribute("aria-valuemax", String(axis.stops.length - 1));
    say(area, 0, "all values");
  }
}

/**
 * Returns the handlers of a drawing with axes. `onDrag` and `onKey` return true for an event that they have used.
 *
 * @param {Brushes} brushes
 * @param {(area: SVGElement, text: string | null) => void} showTip
 */
export function axisRanges(brushes, showTip) {
  /** The range of the axis that has the focus. @type {{ area: SVGElement, anchor: number, head: number } | undefined} */
  let range;

  /** @param {SVGElement} area @param {BrushAxis} axis @param {readonly [number, number] | null} ends */
  function show(area, axis, ends) {
    area.parentElement?.querySelector(".brush")?.remove();
    const [from, to] = ends ?? [];
    const [low, high] = [axis.stops[from ?? -1], axis.stops[to ?? -1]];
    if (!low || !high) {
      say(area, 0, "all values");
      return showTip(area, null);
    }
    const at = (/** @type {string} */ name) => Number(area.getAttribute(name));
    const [top, height] = [at("y"), at("height")];
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    mark.setAttribute("class", "brush");
    mark.setAttribute("x", String(at("x")));
    mark.setAttribute("width", String(at("width")));
    mark.setAttribute("y", String(top + (1 - high.at) * height - MARGIN));
    mark.setAttribute("height", String((high.at - low.at) * height + 2 * MARGIN));
    area.before(mark);
    const text = low === high ? low.text : `${low.text} to ${high.text}`;
    say(area, to ?? 0, text);
    showTip(area, `${axis.label}: ${text}`);
  }

  /** @param {SVGElement} area @param {BrushAxis} axis @param {readonly [number, number] | null} ends */
  function choose(area, axis, ends) {
    show(area, axis, null);
    range = undefined;
    if (ends) brushes.choose(axis, axis.where(...ends));
  }

  return {
    /** @param {PointerEvent} event @returns {boolean} */
    onDrag(event) {
      const area = areaOf(event);
      const axis = area && axisOf(area, brushes);
      if (!area || !axis || event.button !== 0) return false;
      event.preventDefault(); // no text is selected
      area.focus({ preventScroll: true });
      const place = (/** @type {PointerEvent} */ { clientY }) => {
        const { top, height } = area.getBoundingClientRect();
        return 1 - (clientY - top) / height;
      };
      const start = place(event);
      /** @type {readonly [number, number] | null} */
      let ends = null;
      const end = new AbortController();
      const { signal } = end;
      area.setPointerCapture(event.pointerId);
      area.addEventListener("pointermove", (moved) => {
        const now = place(moved);
        ends = Math.abs(now - start) < MIN_DRAG ? null : within(axis, start, now);
        show(area, axis, ends);
      }, { signal });
      area.addEventListener("pointerup", () => {
        end.abort();
        choose(area, axis, ends);
      }, { signal });
      area.addEventListener("pointercancel", () => {
        end.abort();
        choose(area, axis, null);
      }, { signal });
      return true;
    },
    /** Removes the range of an axis. @param {Event} event */
    onClear(event) {
      const area = areaOf(event);
      const axis = area && axisOf(area, brushes);
      if (axis) brushes.choose(axis, null);
    },
    /** @param {KeyboardEvent} event @returns {boolean} */
    onKey(event) {
      const area = areaOf(event);
      const axis = area && axisOf(area, brushes);
      if (!area || !axis) return false;
      const { key, shiftKey } = event;
      const last = axis.stops.length - 1;
      const own = range?.area === area ? range : undefined;
      if (key === "ArrowUp" || key === "ArrowDown") {
        const step = key === "ArrowUp" ? 1 : -1;
        const head = own ? Math.min(Math.max(own.head + step, 0), last) : step === 1 ? 0 : last;
        const anchor = own && shiftKey ? own.anchor : head;
        range = { area, anchor, head };
        show(area, axis, [Math.min(anchor, head), Math.max(anchor, head)]);
      } else if (key === "Enter" || key === " ") {
        choose(
          area,
          axis,
          own ? [Math.min(own.anchor, own.head), Math.max(own.anchor, own.head)] : null,
        );
      } else if (key === "Escape" && own) choose(area, axis, null);
      else if (key === "Delete" || key === "Backspace") brushes.choose(axis, null);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
    /** Drops the range of an axis that loses the focus. */
    onLeave() {
      const axis = range && axisOf(range.area, brushes);
      if (range && axis) choose(range.area, axis, null);
    },
  };
}

/** @param {Element | null} box @returns {SVGElement[]} */
function areasIn(box) {
  return /** @type {SVGElement[]} */ ([...box?.querySelectorAll("[data-axis]") ?? []]);
}

/** @param {Event} event @returns {SVGElement | null} */
function areaOf({ target }) {
  const area = target instanceof Element ? target.closest("[data-axis]") : null;
  return area instanceof SVGElement ? area : null;
}

/** @param {SVGElement} area @param {Brushes} brushes @returns {BrushAxis | undefined} */
function axisOf(area, brushes) {
  return brushes.axisAt(Number(area.dataset["axis"]));
}

/** @param {SVGElement} area @param {number} value @param {string} text */
function say(area, value, text) {
  area.setAttribute("aria-valuenow", String(value));
  area.setAttribute("aria-valuetext", text);
}

/** Returns the first and the last stop between two places; null if there is none. @param {BrushAxis} axis @param {number} one @param {number} other @returns {[number, number] | null} */
function within({ stops }, one, other) {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  const from = stops.findIndex(({ at }) => at >= low - 0.005);
  const to = stops.findLastIndex(({ at }) => at <= high + 0.005);
  return from === -1 || to < from ? null : [from, to];
}
