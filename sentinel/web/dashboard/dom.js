// Building and renewing parts of the page. What comes from Redis, the configuration or a peer becomes text
// nodes and attribute values here, never markup.

const SVG = "http://www.w3.org/2000/svg";
/** They show nothing, and some turn the text around them, so that who was before reads as who is now. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
const READ_ALOUD = /^(aria-|title$)/;

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
    const said = value === true ? "" : String(value);
    element.setAttribute(name, READ_ALOUD.test(name) ? visible(said) : said);
  }
  return add(element, children);
}

/** Lists may be nested; what is null or false is left out. */
function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : visible(String(child)));
  }
  return parent;
}

function visible(text) {
  return text.replace(UNSEEN, "\ufffd");
}

/**
 * Make the children of `target` like `fresh` while keeping what is the same, so that focus, a text
 * selection, a scroll position and what the reader has unfolded survive each renewal.
 */
export function renew(target, ...fresh) {
  match(target, add(document.createDocumentFragment(), fresh));
}

function match(old, fresh) {
  const keyed = new Map([...old.children].map((child) => [key(child), child]));
  let next = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const present = key(node) === null ? next : (keyed.get(key(node)) ?? null);
    if (present === null || !alike(present, node)) {
      old.insertBefore(node, next);
      continue;
    }
    if (present === next) next = next.nextSibling;
    else old.insertBefore(present, next);
    refresh(present, node);
  }
  while (next !== null) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

/** Parts with a `data-key` are known by it wherever they stand, the others by their place. */
function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function alike(present, node) {
  return present.nodeName === node.nodeName && key(present) === key(node);
}

function refresh(present, node) {
  if (node.nodeType === Node.ELEMENT_NODE) {
    refreshAttributes(present, node);
    match(present, node);
  } else if (present.nodeValue !== node.nodeValue) present.nodeValue = node.nodeValue;
}

function refreshAttributes(present, node) {
  // Whether a part is unfolded is the reader's.
  const ours = (attribute) => attribute.name !== "open";
  for (const { name, value } of [...node.attributes].filter(ours)) {
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  }
  for (const { name } of [...present.attributes].filter(ours)) {
    if (!node.hasAttribute(name)) present.removeAttribute(name);
  }
}
