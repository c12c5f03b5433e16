// Building and renewing parts of the page. What comes from Redis, the configuration or a peer becomes text
// nodes and attribute values here, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `attributes` that are null or false are left out; true stands without a value. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function byId(id) {
  return document.getElementById(id);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    // Scripts and styles in attributes are what a hostile text would need; nobody here does.
    if (/^(on|style$)/i.test(name)) throw new Error(`no ${name} in attributes`);
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/**
 * Make the children of `target` like `fresh` while keeping what is the same, so that focus, a text
 * selection, a scroll position and what the reader has unfolded survive each renewal.
 */
export function renew(target, ...fresh) {
  const wanted = fresh
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false);
  const carrier = document.createDocumentFragment();
  carrier.append(...wanted.map((child) => (child instanceof Node ? child : String(child))));
  match(target, carrier);
}

function match(old, fresh) {
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((node, index) => {
    const present = before[index];
    if (present === undefined) old.append(node);
    else if (!alike(present, node)) old.replaceChild(node, present);
    else if (node.nodeType === Node.TEXT_NODE) {
      if (present.data !== node.data) present.data = node.data;
    } else {
      matchAttributes(present, node);
      match(present, node);
    }
  });
  before.slice(after.length).forEach((node) => node.remove());
}

function alike(present, node) {
  return (
    present.nodeType === node.nodeType &&
    present.nodeName === node.nodeName &&
    (node.nodeType !== Node.ELEMENT_NODE ||
      present.getAttribute("data-key") === node.getAttribute("data-key"))
  );
}

function matchAttributes(present, node) {
  for (const { name, value } of [...node.attributes]) {
    if (present.getAttribute(name) !== value && name !== "open") present.setAttribute(name, value);
  }
  for (const { name } of [...present.attributes]) {
    // Whether a part is unfolded is the reader's.
    if (!node.hasAttribute(name) && name !== "open") present.removeAttribute(name);
  }
}
