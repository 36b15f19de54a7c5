// Making elements. Text only ever becomes a text node: no string is read as markup.

/** An element with properties (`class`, `on…`, `data-…`, any attribute) and children (elements, strings, null). */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected" || key === "disabled") made[key] = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  add(made, children);
  return made;
}

/** Appends children; lists are opened, nothing is left out but null, undefined and false. */
export function add(parent, children) {
  for (const child of children.flat(9)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Puts children in place of those that are there. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  add(parent, children);
}

/** Text that may be of either direction, kept apart from what stands around it. */
export function bdi(text) {
  return el("bdi", {}, text ?? "");
}

/** A short mark of ours (an id, a number, a side): left to right, apart from what stands around it. */
export function badge(text, kind = "") {
  return el("span", { class: `badge ${kind}`, dir: "ltr" }, text);
}
