// Elements, without markup: whatever a script or a peer said stays text.

// make("p", "note mono", "text", child, ...)
export function make(tag, classes, ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  element.append(...children.filter(Boolean));
  return element;
}

export const byId = (id) => document.getElementById(id);
