/** Elements from templates: what is put into one becomes text, a node, an attribute or a listener, never markup. */

const policy = globalThis.trustedTypes?.createPolicy("trainyard", { createHTML: (text) => text }) ?? {
  createHTML: (text) => text,
};
const templates = new WeakMap();

/**
 * Make an element (or a fragment, when the template has several roots).
 *
 * `<p class="${x}">${child}</p>`; a child is text, a node, an array of them, or nothing (null, false).
 * `@click=${f}` listens, `.value=${v}` sets a property, `?disabled=${b}` sets or leaves out an attribute.
 */
export function html(strings, ...values) {
  const fragment = document.importNode(getTemplate(strings).content, true);
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
  const holes = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.ELEMENT_NODE) fillAttributes(node, values);
    else if (node.data.startsWith("hole ")) holes.push([node, values[Number(node.data.slice(5))]]);
  }
  for (const [hole, value] of holes) hole.replaceWith(toNode(value));
  const roots = [...fragment.childNodes].filter((node) => node.nodeType !== Node.TEXT_NODE || node.data.trim());
  return roots.length === 1 && roots[0].nodeType === Node.ELEMENT_NODE ? roots[0] : fragment;
}

/** Put other children into an element. */
export function fill(element, ...children) {
  element.replaceChildren(toNode(children));
  return element;
}

/**
 * Show a list by key: rows that stay keep their element, so that focus, scroll and half-typed text stay too.
 *
 * `make(value)` makes a row's element; `update(element, value)` changes one that is there already.
 */
export function showRows(parent, values, getKey, make, update = () => {}) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let before = parent.firstElementChild;
  for (const value of values) {
    const key = String(getKey(value));
    let row = old.get(key);
    if (row) {
      old.delete(key);
      update(row, value);
    } else {
      row = make(value);
      row.dataset.key = key;
    }
    if (row === before) before = before.nextElementSibling;
    else parent.insertBefore(row, before);
  }
  for (const row of old.values()) row.remove();
}

function getTemplate(strings) {
  let template = templates.get(strings);
  if (!template) {
    let text = strings[0];
    for (let index = 1; index < strings.length; index += 1) {
      const isInTag = text.lastIndexOf("<") > text.lastIndexOf(">");
      const isBare = /\s[@.?]?[\w-]+=$/.test(strings[index - 1]); // else the "=" stands inside quotes
      const hole = `{{${index - 1}}}`;
      text += isInTag ? (isBare ? `"${hole}"` : hole) : `<!--hole ${index - 1}-->`;
      text += strings[index];
    }
    template = document.createElement("template");
    template.innerHTML = policy.createHTML(text.trim());
    templates.set(strings, template);
  }
  return template;
}

function fillAttributes(element, values) {
  for (const { name, value } of [...element.attributes]) {
    if (!value.includes("{{")) continue;
    const whole = /^\{\{(\d+)\}\}$/.exec(value);
    const given = whole ? values[Number(whole[1])] : undefined;
    if (name.startsWith("@")) {
      element.removeAttribute(name);
      if (given) element.addEventListener(name.slice(1), given);
    } else if (name.startsWith(".")) {
      element.removeAttribute(name);
      element[toCamelCase(name.slice(1))] = given;
    } else if (name.startsWith("?")) {
      element.removeAttribute(name);
      element.toggleAttribute(name.slice(1), Boolean(given));
    } else if (whole && (given === null || given === undefined || given === false)) {
      element.removeAttribute(name);
    } else {
      element.setAttribute(name, value.replace(/\{\{(\d+)\}\}/g, (_, index) => String(values[Number(index)] ?? "")));
    }
  }
}

function toCamelCase(name) {
  return name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}

function toNode(value) {
  if (value instanceof Node) return value;
  if (Array.isArray(value)) {
    const fragment = document.createDocumentFragment();
    fragment.append(...value.map(toNode));
    return fragment;
  }
  return document.createTextNode(value === null || value === undefined || value === false ? "" : String(value));
}
