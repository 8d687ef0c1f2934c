import { ask, queryText } from "./api.js";

/** Saves the answer of the sidecar as a file. @param {string} path @param {Record<string, string | undefined>} query @param {string} name */
export async function saveAnswer(path, query, name) {
  const response = await ask(path + queryText(query), {});
  save(await response.blob(), name);
}

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Saves a drawing as SVG, in the colours of the page. @param {Element | null} box @param {string} name */
export function saveDrawing(box, name) {
  const drawing = box?.querySelector("svg");
  if (!drawing) return;
  const style = getComputedStyle(drawing);
  const text = new XMLSerializer().serializeToString(drawing)
    .replace(/var\((--[\w-]+),[^()]*\)/g, (_, color) => style.getPropertyValue(color))
    .replace(
      /^<svg[^>]*>/,
      (root) => `${root}<rect width="100%" height="100%" fill="${groundOf(drawing)}"/>`,
    );
  save(new Blob([text], { type: "image/svg+xml" }), `${name}.svg`);
}

/** Saves a drawing as PNG of twice its size. @param {Element | null} box @param {string} name */
export async function savePicture(box, name) {
  const drawing = box?.querySelector("svg");
  if (!drawing) return;
  const canvas = paint(drawing, 2);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob) save(/** @type {Blob} */ (blob), `${name}.png`);
}

/** @param {Element} element @returns {string} */
function groundOf(element) {
  return getComputedStyle(element.closest("section") ?? document.body).backgroundColor;
}

/**
 * Paints a drawing. (The page's policy forbids images of the page's own making, so that the browser cannot.)
 *
 * @param {SVGSVGElement} drawing
 * @param {number} scale
 * @returns {HTMLCanvasElement}
 */
function paint(drawing, scale) {
  const { width, height } = drawing.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(scale, scale);
  context.fillStyle = groundOf(drawing);
  context.fillRect(0, 0, width, height);
  for (const element of drawing.querySelectorAll("*")) {
    if (
      !(element instanceof SVGGraphicsElement) || element.closest("defs, pattern, clipPath, symbol")
    ) continue;
    paintElement(context, element, scale);
  }
  return canvas;
}

/** @param {CanvasRenderingContext2D} context @param {SVGGraphicsElement} element @param {number} scale */
function paintElement(context, element, scale) {
  const style = getComputedStyle(element);
  const matrix = element.getCTM();
  if (style.display === "none" || style.visibility === "hidden" || !matrix) return;
  let opacity = 1;
  for (
    let each = /** @type {Element | null} */ (element);
    each instanceof SVGGraphicsElement;
    each = each.parentElement
  ) {
    opacity *= Number(getComputedStyle(each).opacity);
  }
  context.save();
  context.setTransform(new DOMMatrix([scale, 0, 0, scale, 0, 0]).multiply(matrix));
  if (element instanceof SVGTextElement) {
    context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    context.globalAlpha = opacity * Number(style.fillOpacity);
    context.fillStyle = style.fill;
    const anchors =
      /** @type {Record<string, CanvasTextAlign>} */ ({ middle: "center", end: "right" });
    context.textAlign = anchors[style.textAnchor] ?? "left";
    context.textBaseline =
      style.dominantBaseline === "middle" || style.dominantBaseline === "central"
        ? "middle"
        : "alphabetic";
    const [x = 0] = lengths(element.x.baseVal);
    const [y = 0] = lengths(element.y.baseVal);
    context.fillText(element.textContent ?? "", x, y);
  } else {
    const path = pathOf(element);
    if (path) {
      if (style.fill !== "none") {
        context.globalAlpha = opacity * Number(style.fillOpacity);
        context.fillStyle = style.fill;
        if (!style.fill.startsWith("url(")) context.fill(path);
      }
      if (style.stroke !== "none" && parseFloat(style.strokeWidth) > 0) {
        context.globalAlpha = opacity * Number(style.strokeOpacity);
        context.strokeStyle = style.stroke;
        context.lineWidth = parseFloat(style.strokeWidth);
        context.setLineDash(
          style.strokeDasharray === "none"
            ? []
            : style.strokeDasharray.split(/[ ,]+/).map(parseFloat),
        );
        context.stroke(path);
      }
    }
  }
  context.restore();
}

/** @param {SVGLengthList} list @returns {number[]} */
function lengths(list) {
  return Array.from({ length: list.numberOfItems }, (_, i) => list.getItem(i).value);
}

/** @param {SVGGraphicsElement} element @returns {Path2D | undefined} */
function pathOf(element) {
  const path = new Path2D();
  const value = (/** @type {SVGAnimatedLength} */ length) => length.baseVal.value;
  if (element instanceof SVGPathElement) return new Path2D(element.getAttribute("d") ?? "");
  if (element instanceof SVGRectElement) {
    path.roundRect(
      value(element.x),
      value(element.y),
      value(element.width),
      value(element.height),
      value(element.rx),
    );
  } else if (element instanceof SVGCircleElement) {
    path.arc(value(element.cx), value(element.cy), value(element.r), 0, 2 * Math.PI);
  } else if (element instanceof SVGLineElement) {
    path.moveTo(value(element.x1), value(element.y1));
    path.lineTo(value(element.x2), value(element.y2));
  } else if (element instanceof SVGPolylineElement || element instanceof SVGPolygonElement) {
    for (let i = 0; i < element.points.numberOfItems; i++) {
      const { x, y } = element.points.getItem(i);
      path.lineTo(x, y);
    }
    if (element instanceof SVGPolygonElement) path.closePath();
  } else return undefined;
  return path;
}
