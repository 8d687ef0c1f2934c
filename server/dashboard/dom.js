/**
 * A new element. What is inside is text or elements: never markup, since much of it comes from params
 * and error messages that anybody wrote.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes] `false` and undefined are left out.
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children);
  return element;
}

/**
 * The same for SVG.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children);
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | undefined} value
 */
export function setAttribute(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/**
 * The element of the page with an id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * Sets an element's text, if it is another: what did not change is not announced again.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Sets the options of a picker and which is chosen; left alone if nothing changed.
 *
 * @param {HTMLSelectElement} select
 * @param {readonly { value: string, label: string }[]} options
 * @param {string} value
 */
export function setOptions(select, options, value) {
  const wanted = JSON.stringify(options);
  if (select.dataset["options"] !== wanted) {
    select.dataset["options"] = wanted;
    select.replaceChildren(
      ...options.map((each) => h("option", { value: each.value }, each.label)),
    );
  }
  if (select.value !== value) select.value = value;
}
